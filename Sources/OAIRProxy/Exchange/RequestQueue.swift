import OAIRReactor

/// Exchanges that wait for a place at a backend: in the order of their coming for each model, and
/// the models in turn, so that one with many requests doesn't keep the others waiting.
///
///     lanes, the next one's turn first:   model 7: a ─ d ─ e
///                                         model 2: b
///                                         model 4: c ─ f
///
/// Owns places in the line only; the exchanges stay with their connections, and remember their
/// ticket. A value of its reactor; `Proxy+Queue.swift` asks it.
struct RequestQueue {
  /// A place in the line.
  struct Ticket: Equatable {
    /// Not in the queue.
    static let none = Ticket(index: -1)
    fileprivate let index: Int32
  }

  private struct Waiter {
    var exchange = Handle.none
    var lane = 0
    var since: UInt64 = 0
    /// Grows with each one that comes.
    var number: UInt64 = 0
    /// Neighbours in the lane, -1 at its ends; `next` also joins the free ones.
    var previous: Int32 = -1
    var next: Int32 = -1
  }

  private struct Lane {
    let key: Int
    var first: Int32
    var last: Int32
    var count: Int
  }

  /// LIMIT: how many may wait at one time; those who do when it is lowered stay.
  var limit: Int
  /// How many do.
  private(set) var count = 0
  private var waiters: [Waiter] = []
  private var firstFree: Int32 = -1
  private var lanes: [Lane] = []
  private var lastNumber: UInt64 = 0

  init(limit: Int) { self.limit = Self.bounded(limit) }

  /// What there are tickets for.
  static func bounded(_ limit: Int) -> Int { max(0, min(limit, Int(Int32.max))) }

  var isEmpty: Bool { count == 0 }

  /// The lanes with somebody in them, the next one's turn first.
  var lanesByTurn: [Int] { lanes.map(\.key) }

  /// How many wait in a lane.
  func count(in lane: Int) -> Int { lanes.first { $0.key == lane }?.count ?? 0 }

  /// Puts an exchange at the end of a lane.
  ///
  /// - Parameter since: when its wait began, by the reactor's clock in nanoseconds.
  /// - Returns: its ticket, to be given back by `remove`; nil when too many wait already.
  mutating func append(_ exchange: Handle, to lane: Int, since: UInt64) -> Ticket? {
    guard count < limit else { return nil }
    lastNumber += 1
    let waiter = Waiter(exchange: exchange, since: since, number: lastNumber)
    var index = firstFree
    if index >= 0 {
      firstFree = waiters[Int(index)].next
      waiters[Int(index)] = waiter
    } else {
      index = Int32(waiters.count)
      waiters.append(waiter)
    }
    count += 1
    attach(Ticket(index: index), to: lane)
    return Ticket(index: index)
  }

  /// Takes one out, wherever it stands.
  mutating func remove(_ ticket: Ticket) {
    let waiter = self[ticket]
    guard let number = lanes.firstIndex(where: { $0.key == waiter.lane }) else {
      preconditionFailure("a waiter without a lane")
    }
    if waiter.previous >= 0 {
      waiters[Int(waiter.previous)].next = waiter.next
    } else {
      lanes[number].first = waiter.next
    }
    if waiter.next >= 0 {
      waiters[Int(waiter.next)].previous = waiter.previous
    } else {
      lanes[number].last = waiter.previous
    }
    lanes[number].count -= 1
    if lanes[number].count == 0 { lanes.remove(at: number) }
    waiters[Int(ticket.index)] = Waiter(next: firstFree)
    firstFree = ticket.index
    count -= 1
  }

  /// The first of a lane.
  func first(of lane: Int) -> Ticket? {
    lanes.first { $0.key == lane }.map { Ticket(index: $0.first) }
  }

  /// The one behind another, in its lane.
  func next(after ticket: Ticket) -> Ticket? {
    let next = self[ticket].next
    return next >= 0 ? Ticket(index: next) : nil
  }

  /// Whose ticket it is.
  func exchange(_ ticket: Ticket) -> Handle { self[ticket].exchange }

  /// When its wait began, less the time that former ones took.
  func since(_ ticket: Ticket) -> UInt64 { self[ticket].since }

  /// A lane has had its turn.
  mutating func endTurn(of lane: Int) {
    guard let number = lanes.firstIndex(where: { $0.key == lane }) else { return }
    lanes.append(lanes.remove(at: number))
  }

  /// Empties all lanes, as their models have other numbers now.
  ///
  /// - Returns: all tickets, in the order of their coming; each is owed an `attach`.
  mutating func detachAll() -> [Ticket] {
    lanes.removeAll(keepingCapacity: true)
    let taken = waiters.indices.filter { waiters[$0].number > 0 }
    return taken.sorted { waiters[$0].number < waiters[$1].number }.map { Ticket(index: Int32($0)) }
  }

  /// Puts a waiter at the end of a lane.
  mutating func attach(_ ticket: Ticket, to lane: Int) {
    let index = Int(ticket.index)
    waiters[index].lane = lane
    waiters[index].next = -1
    waiters[index].previous = -1
    guard let number = lanes.firstIndex(where: { $0.key == lane }) else {
      lanes.append(Lane(key: lane, first: ticket.index, last: ticket.index, count: 1))
      return
    }
    waiters[index].previous = lanes[number].last
    waiters[Int(lanes[number].last)].next = ticket.index
    lanes[number].last = ticket.index
    lanes[number].count += 1
  }

  private subscript(ticket: Ticket) -> Waiter {
    precondition(
      waiters.indices.contains(Int(ticket.index)) && waiters[Int(ticket.index)].number > 0,
      "a ticket that isn't valid any more"
    )
    return waiters[Int(ticket.index)]
  }
}
