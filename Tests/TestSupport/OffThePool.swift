import OAIRSys
public import Testing

/// Runs a test on a thread of its own, with all that it awaits and that is nobody's actor.
///
/// All tests of a run share the cooperative pool, first come, first served: between two steps of a
/// conversation a whole suite may run, for longer than the server that it talks to has patience.
public struct OffThePool: TestTrait, SuiteTrait, TestScoping {
  /// For tasks that a test has others make.
  public static var executor: any TaskExecutor { ThreadPerJob.shared }

  /// Each test of a suite by itself.
  public var isRecursive: Bool { true }

  /// Runs the test.
  public func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(ThreadPerJob.shared) { try await function() }
  }
}

extension Trait where Self == OffThePool {
  /// See `OffThePool`.
  public static var offThePool: Self { Self() }
}

/// Jobs of one task come one after the other: a thread for each is a thread at a time.
private final class ThreadPerJob: TaskExecutor {
  /// Lives for ever: jobs know it without owning it.
  static let shared = ThreadPerJob()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    OwnThread.start("test") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
