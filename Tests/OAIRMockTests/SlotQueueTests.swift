import OAIRReactor
import Testing

@testable import OAIRMock

struct SlotQueueTests {
  private func handle(_ slot: UInt32) -> Handle { Handle(slot: slot, generation: 1) }

  @Test
  func `slots are given in the order of their asking`() {
    var queue = SlotQueue(capacity: 2)
    let taken = (0..<3).map { _ in queue.take() }
    #expect(taken == [true, true, false])
    for slot in 1...3 as ClosedRange<UInt32> { queue.join(handle(slot)) }
    #expect(queue.inFlight == 5)
    queue.leave(handle(2))
    #expect(queue.waitingCount == 2)
    let granted = (0..<4).map { _ in queue.release() }
    #expect(granted == [handle(1), handle(3), nil, nil])
    #expect(queue.inFlight == 0)
  }

  @Test
  func `nobody overtakes who waits`() {
    var queue = SlotQueue(capacity: 1)
    let first = queue.take()
    queue.join(handle(1))
    let second = queue.take()
    let granted = queue.release()
    let third = queue.take()
    #expect((first, second, third) == (true, false, false))
    #expect(granted == handle(1))
  }
}
