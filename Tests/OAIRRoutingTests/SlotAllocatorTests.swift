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
}
