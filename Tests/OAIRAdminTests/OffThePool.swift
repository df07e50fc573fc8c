import OAIRSys
import Testing

/// Runs a test on a thread of its own.
///
/// All tests of a run share the cooperative pool, first come, first served: between two steps of a
/// conversation a whole suite may run, for longer than the server that it talks to has patience.
struct OffThePool: TestTrait, SuiteTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(ThreadPerJob()) { try await function() }
  }
}

extension Trait where Self == OffThePool {
  static var offThePool: Self { Self() }
}

/// Jobs of one task come one after the other: a thread for each is a thread at a time.
private final class ThreadPerJob: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    OwnThread.start("test") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
