import OAIRReactor
import Testing

struct HandleTests {
  @Test(arguments: [
    Handle(slot: 0, generation: 0), Handle(slot: 1, generation: 2),
    Handle(slot: .max, generation: 0),
    Handle(slot: 0, generation: .max), Handle(slot: 0x8000_0000, generation: 0x8000_0001),
    .none,
  ])
  func `both parts survive being packed`(handle: Handle) {
    #expect(Handle(bits: handle.bits) == handle)
  }

  @Test func `the slot is in the lower half, the generation in the upper one`() {
    #expect(Handle(slot: 0x1122_3344, generation: 0x5566_7788).bits == 0x5566_7788_1122_3344)
  }

  @Test func `nobody has the handle of nobody`() {
    var slab = Slab<Int>(capacity: 4)
    for value in 0..<4 { _ = slab.insert(value) }
    let isFound = slab.contains(.none)
    #expect(!isFound)
    #expect(Handle.none.generation & 1 == 0)
  }
}
