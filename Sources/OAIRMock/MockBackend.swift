import Glibc
import OAIRReactor
public import OAIRSys
import Synchronization

/// A fake inference server: real sockets, real HTTP, an engine's manners, and faults on demand.
///
/// It runs on a thread of its own from `start()` to `stop()`; any number may run in one process.
/// All members may be used from any thread.
public final class MockBackend: Sendable {
  private struct Running {
    let thread: pthread_t
    let address: SocketAddress
    let control: Mailbox<Bool>
  }

  /// What it was made with.
  public let options: MockOptions
  private let shared: MockShared
  private let running = Mutex<Running?>(nil)

  /// Makes a backend that doesn't listen yet.
  ///
  /// - Parameter options: what it pretends to be.
  public init(options: MockOptions = MockOptions()) {
    precondition(!options.models.isEmpty && options.tokens >= 0, "options out of range")
    precondition(options.embeddingDimensions > 0, "a vector needs a dimension")
    self.options = options
    shared = MockShared(options)
  }

  deinit { stop() }

  /// Opens the listener and starts the thread.
  ///
  /// It must not be running.
  ///
  /// - Parameter address: where to listen, in place of `options.listen`: for a backend that comes
  ///   back where it was before.
  /// - Returns: the address that it really has; port 0 has become a number.
  /// - Throws: `SystemError` when the address is taken or descriptors have run out.
  @discardableResult
  public func start(at address: SocketAddress? = nil) throws(SystemError) -> SocketAddress {
    let listening = try ListeningSocket(address ?? options.listen)
    let bound = listening.address
    let control = try Mailbox<Bool>()
    var server = MockServer(try LinuxKernel(), options, shared, control)
    try server.listen(listening)
    let thread = try MockThread.start(server)
    running.withLock { running in
      precondition(running == nil, "started twice")
      running = Running(thread: thread, address: bound, control: control)
    }
    return bound
  }

  /// Closes the listener and all connections, as a process that ends does, and waits for the
  /// thread.
  ///
  /// Does nothing when the backend isn't running.
  public func stop() {
    let stopping = running.withLock { running in
      defer { running = nil }
      return running
    }
    guard let stopping else { return }
    stopping.control.publish(true)
    pthread_join(stopping.thread, nil)
  }

  /// Where it listens; nil when it isn't running.
  public var address: SocketAddress? { running.withLock { $0?.address } }

  /// What it has seen.
  public var statistics: MockStatistics { shared.counters.snapshot }

  /// Replaces the fault of `options`; concerns every request that is sent after the call.
  ///
  /// - Parameter fault: nil: none.
  public func replaceFault(_ fault: MockFault?) { shared.dice.replace(fault) }

  /// The latest requests, oldest first, at most `MockOptions.recordedRequests`; they are forgotten
  /// here.
  ///
  /// A request is recorded before it is counted.
  public func takeRecordedRequests() -> [RecordedRequest] { shared.record.takeAll() }
}

/// The backend's thread.
private enum MockThread {
  /// Carries a server into its thread.
  final class Cargo {
    var server: MockServer
    init(_ server: consuming MockServer) { self.server = server }
  }

  /// Starts a thread that runs a server until it stops.
  ///
  /// All signals are blocked there: they are the host program's.
  ///
  /// - Throws: `SystemError` of pthread_create(3).
  static func start(_ server: consuming MockServer) throws(SystemError) -> pthread_t {
    // SAFETY: the reference that is passed as a raw pointer is taken back exactly once: by the
    // thread, or here when there is none. The caller keeps no other.
    let cargo = Unmanaged.passRetained(Cargo(server))
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let result = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Cargo>.fromOpaque(argument).takeRetainedValue().server.run()
        return nil
      },
      cargo.toOpaque()
    )
    guard result == 0 else {
      cargo.release()
      throw SystemError("pthread_create", Errno(result))
    }
    return thread
  }
}
