import HeapModule
import OAIRSys

// Two kinds of time. Deadlines are a field of each registration that is only looked at in a sweep:
// setting one costs a store, and a sweep of 10,000 connections 5 µs. Timers are exact and few.

/// One turn of the loop.
@usableFromInline
struct ReactorTick {
  /// When it began.
  @usableFromInline var now: UInt64
  /// How many there have been.
  @usableFromInline var count: UInt64 = 0
  /// How long the one before it has worked; 0 when that isn't known.
  @usableFromInline var lastTurn: UInt64 = 0

  init(now: UInt64) { self.now = now }
}

/// When the registrations' deadlines are looked at next.
@usableFromInline
struct DeadlineSweep {
  /// LIMIT: a deadline is noticed at most this late, in nanoseconds.
  static let interval: UInt64 = 100_000_000

  /// When to sweep, `.max` while nobody has a deadline: an idle process isn't woken.
  @usableFromInline private(set) var next: UInt64 = .max
  private var last: UInt64 = 0
  /// Whose deadline had passed at the last sweep, not yet delivered.
  @usableFromInline var due: [Handle] = []

  init() {}

  @inlinable
  func isDue(_ now: UInt64) -> Bool { now >= next }

  @inlinable
  mutating func include(_ deadline: UInt64) {
    if deadline < next { advance(to: deadline) }
  }

  @usableFromInline
  mutating func advance(to deadline: UInt64) {
    next = max(deadline, last &+ Self.interval)
  }

  @usableFromInline
  mutating func didSweep(at now: UInt64) {
    last = now
    next = .max
  }
}

extension Reactor {
  /// Asks to hear of the handle when a time has passed; replaces its former deadline.
  ///
  /// - Parameter deadline: nanoseconds of `now`; `.max` for never. Delivered up to 100 ms late.
  @inlinable
  public mutating func setDeadline(_ handle: Handle, at deadline: UInt64) {
    registrations[handle].deadline = deadline
    deadlines.include(deadline)
  }

  @inlinable
  mutating func collectDueDeadlines() {
    deadlines.didSweep(at: now)
    for slot in 0..<registrations.touched {
      guard let handle = registrations.occupant(ofSlot: slot) else { continue }
      let registration = registrations[handle]
      if registration.isClosing { continue }
      if registration.deadline <= now {
        deadlines.due.append(handle)
      } else {
        deadlines.include(registration.deadline)
      }
    }
  }

  /// What was due at the sweep may have been moved or closed by an event since.
  func isDeadlinePassed(_ handle: Handle) -> Bool {
    guard registrations.contains(handle) else { return false }
    let registration = registrations[handle]
    return !registration.isClosing && registration.deadline <= now
  }

  /// Arms an exact timer.
  ///
  /// It can't be cancelled: whoever gets it checks whether it still matters.
  ///
  /// - Parameters:
  ///   - time: nanoseconds of `now`.
  ///   - owner: comes back in the event.
  public mutating func addTimer(at time: UInt64, owner: UInt64) {
    timers.insert(time: time, owner: owner)
  }
}

/// Exact timers, earliest first.
@usableFromInline
struct TimerHeap {
  private struct Entry: Comparable {
    let time: UInt64
    let order: UInt64
    let owner: UInt64

    static func < (a: Entry, b: Entry) -> Bool { (a.time, a.order) < (b.time, b.order) }
  }

  private var heap = Heap<Entry>()
  private var order: UInt64 = 0

  /// When the earliest is due, `.max` when there is none.
  @usableFromInline private(set) var next = UInt64.max

  init() {}

  mutating func insert(time: UInt64, owner: UInt64) {
    order &+= 1
    heap.insert(Entry(time: time, order: order, owner: owner))
    next = min(next, time)
  }

  mutating func pop(dueAt now: UInt64) -> UInt64? {
    guard let first = heap.min, first.time <= now else { return nil }
    heap.removeMin()
    next = heap.min?.time ?? .max
    return first.owner
  }
}
