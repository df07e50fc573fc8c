import Testing

@testable import OAIRRouting

struct SlotAllocatorTests {
  @Test func `a freed slot rests before it is used again, with another incarnation`() {
    var slots = SlotAllocator()
    let rest = RoutingLimits.slotRest.nanoseconds
    let a = slots.take(at: 0)
    let b = slots.take(at: 0)
    #expect(a.slot == 0 && b.slot == 1 && a.incarnation < b.incarnation)
    slots.free(a.slot, at: 10)
    slots.free(b.slot, at: 20)
    let c = slots.take(at: 10 + rest - 1)
    #expect(c.slot == 2)
    let d = slots.take(at: 10 + rest)
    #expect(d.slot == 0 && d.incarnation > c.incarnation)
    let e = slots.take(at: 10 + rest)
    #expect(e.slot == 3)
    let f = slots.take(at: 20 + rest)
    #expect(f.slot == 1)
  }

  @Test func `once all slots are taken, the one that has rested longest is used early`() {
    var slots = SlotAllocator()
    for number in 0..<RoutingLimits.slots {
      let taken = slots.take(at: 0).slot
      guard taken == number else {
        Issue.record("slot \(taken) came in place of \(number)")
        return
      }
    }
    slots.free(7, at: 1)
    slots.free(3, at: 2)
    let first = slots.take(at: 3)
    let second = slots.take(at: 3)
    #expect(first.slot == 7 && second.slot == 3)
  }
}
