import Dispatch
import OAIRRouting
import Testing

private actor Counter {
  private let executor = ControlQueue(label: "test")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }
  private var count = 0

  func increment() -> Int {
    dispatchPrecondition(condition: .onQueue(executor.queue))
    count += 1
    return count
  }

  /// From a handler of the queue itself, as a timer's would be.
  nonisolated func incrementFromQueue() async -> Int {
    await withCheckedContinuation { continuation in
      executor.queue.async {
        continuation.resume(returning: self.assumeIsolated { $0.increment() })
      }
    }
  }
}

struct ControlQueueTests {
  @Test func `an actor runs on its queue, one job at a time`() async {
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<200 { group.addTask { _ = await counter.increment() } }
    }
    #expect(await counter.increment() == 201)
  }

  @Test func `a handler on the queue is on the actor`() async {
    let counter = Counter()
    #expect(await counter.incrementFromQueue() == 1)
  }
}
