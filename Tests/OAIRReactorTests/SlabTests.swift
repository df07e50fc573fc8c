import Glibc
import Testing

@testable import OAIRReactor

struct SlabTests {
  /// Counts itself out when it is destroyed.
  private struct Counted: ~Copyable {
    final class Account { var destroyed = 0 }

    let value: Int
    let account: Account

    deinit { account.destroyed += 1 }
  }

  @Test func `slots are used lowest first and a freed one is used again as another generation`() {
    var slab = Slab<Int>(capacity: 3)
    let first = slab.insert(10)
    let second = slab.insert(20)
    #expect(first.slot == 0 && second.slot == 1)
    let removed = slab.remove(first)
    #expect(removed == 10)
    let third = slab.insert(30)
    #expect(third.slot == 0 && third.generation != first.generation)
    let (isStale, isThere, touched, value) = (
      !slab.contains(first), slab.contains(third), slab.touched, slab[third]
    )
    #expect(isStale && isThere && touched == 2 && value == 30)
  }

  @Test func `while a slot is free no handle of it names anybody`() {
    var slab = Slab<Int>(capacity: 2)
    let first = slab.insert(10)
    _ = slab.remove(first)
    for step: UInt32 in 0...3 {
      let handle = Handle(slot: first.slot, generation: first.generation &+ step)
      let isFound = slab.contains(handle)
      #expect(!isFound, "\(step) generations on")
    }
    let occupant = slab.occupant(ofSlot: 0)
    #expect(occupant == nil)
    let second = slab.insert(20)
    let isOdd = second.generation & 1 == 1
    #expect(isOdd && second.generation == first.generation &+ 2)
  }

  @Test func `it is full at its capacity and not before`() {
    var slab = Slab<Int>(capacity: 2)
    var isFull = slab.isFull
    #expect(!isFull)
    let first = slab.insert(1)
    _ = slab.insert(2)
    isFull = slab.isFull
    #expect(isFull)
    _ = slab.remove(first)
    isFull = slab.isFull
    #expect(!isFull)
  }

  @Test func `a value is destroyed once, when it is removed or with the slab`() {
    let account = Counted.Account()
    do {
      var slab = Slab<Counted>(capacity: 4)
      let first = slab.insert(Counted(value: 1, account: account))
      _ = slab.insert(Counted(value: 2, account: account))
      _ = slab.insert(Counted(value: 3, account: account))
      do {
        let removed = slab.remove(first)
        #expect(removed.value == 1)
      }
      #expect(account.destroyed == 1)
    }
    #expect(account.destroyed == 3)
  }

  @Test func `a value is changed where it lies`() {
    var slab = Slab<[Int]>(capacity: 1)
    let handle = slab.insert([1])
    slab[handle].append(2)
    let value = slab[handle]
    #expect(value == [1, 2])
  }

  @Test func `a handle for a slot that was never used names nobody`() {
    let slab = Slab<Int>(capacity: 8)
    let isFound = slab.contains(Handle(slot: 7, generation: 1))
    #expect(!isFound)
  }

  @Test func `a peak gives its pages back once half of it is gone`() {
    let slab = PageCounting(count: 1000)
    let whole = slab.resident()
    slab.keep(600)
    #expect(!slab.releasePages(), "more than half is left")
    #expect(slab.resident() == whole)
    slab.keep(10)
    #expect(slab.releasePages())
    // Ten kilobytes at the end, and what shares a page with its neighbours.
    #expect(slab.resident() <= 5)
    #expect(slab.areIntact)
    #expect(!slab.releasePages(), "there is no new peak")
    slab.fill(1000)
    #expect(slab.areIntact)
    slab.keep(0)
    #expect(slab.releasePages())
    #expect(slab.resident() <= 2)
  }

  @Test func `a ripple is no peak`() {
    let slab = PageCounting(count: 60)
    slab.keep(0)
    #expect(!slab.releasePages())
  }

  @Test(arguments: 0..<20)
  func `it behaves like a dictionary, whatever is done to it`(seed: Int) {
    var random = SeededRandom(UInt64(seed))
    let capacity = Int.random(in: 1...40, using: &random)
    var slab = Slab<Int>(capacity: capacity)
    var model: [Handle: Int] = [:]
    var stale: [Handle] = []
    var mostAtOnce = 0
    for step in 0..<1000 {
      if Bool.random(using: &random), model.count < capacity {
        let handle = slab.insert(step)
        #expect(model[handle] == nil && !stale.contains(handle))
        model[handle] = step
      } else if let (handle, value) = model.randomElement(using: &random) {
        let removed = slab.remove(handle)
        #expect(removed == value)
        model[handle] = nil
        stale.append(handle)
      }
      mostAtOnce = max(mostAtOnce, model.count)
      let (count, isFull, touched) = (slab.count, slab.isFull, slab.touched)
      #expect(count == model.count && isFull == (count == capacity) && touched == mostAtOnce)
    }
    for (handle, value) in model {
      let found = slab[handle]
      #expect(found == value)
    }
    for handle in stale {
      let isFound = slab.contains(handle)
      #expect(!isFound)
    }
    let occupants = Set((0..<slab.touched).compactMap { slab.occupant(ofSlot: $0) })
    #expect(occupants == Set(model.keys))
  }
}

/// A slab of values of a kilobyte each, whose resident pages are counted.
private final class PageCounting {
  private struct Value {
    var number: Int
    var padding: InlineArray<127, Int>
  }

  private var slab = Slab<Value>(capacity: 4096)
  private var handles: [Handle] = []

  init(count: Int) { fill(count) }

  func fill(_ count: Int) {
    while handles.count < count {
      handles.append(slab.insert(Value(number: handles.count, padding: .init(repeating: 1))))
    }
  }

  /// Removes the first ones.
  func keep(_ count: Int) {
    while handles.count > count { _ = slab.remove(handles.removeFirst()) }
  }

  func releasePages() -> Bool { slab.releasePages() }

  /// Those that are left are what they were.
  var areIntact: Bool {
    handles.allSatisfy { slab[$0].padding[126] == 1 && slab[$0].number < 1000 }
  }

  /// How many pages of its slots are in memory (mincore(2)).
  func resident() -> Int {
    let size = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let start = UInt(bitPattern: slab.elements) / size * size
    let end = UInt(bitPattern: slab.elements + slab.touched)
    var pages = [UInt8](repeating: 0, count: Int((end - start + size - 1) / size))
    let result = mincore(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), &pages)
    precondition(result == 0)
    return pages.count { $0 & 1 == 1 }
  }
}
