import Testing

@testable import OAIRReactor

@Suite struct HandleQueueTests {
  @Test(arguments: 1...6)
  func `what came first goes first, however long it is never empty`(seed: UInt64) {
    var random = SeededRandom(seed)
    var queue = HandleQueue()
    var expected: [Handle] = []
    var next: UInt32 = 0
    for _ in 0..<5_000 {
      if Bool.random(using: &random) || expected.count < Int(seed) {
        let handle = Handle(slot: next, generation: 1)
        next += 1
        queue.append(handle)
        expected.append(handle)
      } else {
        #expect(queue.popFirst() == expected.removeFirst())
      }
      #expect(queue.count == expected.count)
      #expect(queue.isEmpty == expected.isEmpty)
    }
    while let handle = queue.popFirst() { #expect(handle == expected.removeFirst()) }
    #expect(expected.isEmpty)
    #expect(queue.popFirst() == nil)
  }
}
