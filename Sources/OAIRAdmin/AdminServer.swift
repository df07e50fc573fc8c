public import OAIRSys
import Synchronization

/// A small HTTP/1.1 server for administrators: few connections, whole requests, whole answers.
///
/// It has a thread and an event loop of its own. What a request means is its handler's business.
public final class AdminServer: Sendable {
  /// Makes an answer; called in a task of its own, for as many requests at a time as there are
  /// connections.
  public typealias Handler = @Sendable (AdminRequest) async -> AdminResponse

  private let inbox: AdminInbox
  private let end = EndOfLoop()

  /// Starts to serve.
  ///
  /// - Parameters:
  ///   - listener: closed when serving ends, also when it couldn't begin.
  ///   - key: what a request has to show, asked for with each one, on the server's thread; nil for
  ///     a listener that only its owner can reach.
  ///   - executor: where answers are made; nil for the pool that all tasks share.
  ///   - answer: makes the answers.
  /// - Throws: `SystemError` when no descriptor is left.
  public init(
    _ listener: consuming ListeningSocket,
    key: @autoclosure @escaping @Sendable () -> AdminKey?,
    executor: (any TaskExecutor)? = nil,
    answer: @escaping Handler
  ) throws(SystemError) {
    inbox = try AdminInbox()
    var loop = AdminLoop(
      try LinuxKernel(),
      key: key,
      inbox: inbox,
      executor: executor,
      answer: answer
    )
    try loop.listen(listener)
    let carrier = LoopCarrier(loop)
    let end = end
    OwnThread.start("oair-admin") {
      carrier.run()
      end.reached()
    }
  }

  /// Takes no more requests, waits for the answers under way (2 s at most), and ends.
  ///
  /// Callable from anywhere, any number of times.
  public func stop() async {
    inbox.post(.stop)
    await end.wait()
  }
}

/// Carries a loop to its thread.
private final class LoopCarrier: Sendable {
  private let loop: Mutex<AdminLoop?>

  init(_ loop: consuming sending AdminLoop) { self.loop = Mutex(loop) }

  /// Runs it to its end; its descriptors are closed then.
  func run() {
    guard var loop = loop.withLock({ $0.take() }) else { return }
    loop.run()
  }
}

/// Lets tasks wait for the end of the loop.
private final class EndOfLoop: Sendable {
  private struct State {
    var isReached = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func reached() {
    let waiting = state.withLock { state in
      state.isReached = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if !state.isReached { state.waiting.append(continuation) }
        return state.isReached
      }
      if isReached { continuation.resume() }
    }
  }
}
