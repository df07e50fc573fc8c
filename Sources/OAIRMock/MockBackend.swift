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
    let control: Mailbox<MockOrder>
    let ended: Mailbox<Bool>
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

  /// Opens the port and starts the thread.
  ///
  /// It must not be running.
  ///
  /// - Parameter address: where to listen, in place of `options.listen`: for a backend that comes
  ///   back where it was before.
  /// - Returns: the address that it really has; port 0 has become a number.
  /// - Throws: `SystemError` when the address is taken or descriptors have run out.
  @discardableResult
  public func start(at address: SocketAddress? = nil) throws(SystemError) -> SocketAddress {
    let socket = try BoundSocket(address ?? options.listen)
    let bound = socket.address
    let control = try Mailbox<MockOrder>()
    let ended = try Mailbox<Bool>()
    var server = MockServer(try LinuxKernel(), at: bound, options, shared, control)
    try server.start(socket)
    let thread = try MockThread.start(server, ended)
    running.withLock { running in
      precondition(running == nil, "started twice")
      running = Running(thread: thread, address: bound, control: control, ended: ended)
    }
    return bound
  }

  /// Closes the port and all connections, as a process that ends does, and waits for the
  /// thread.
  ///
  /// Does nothing when the backend isn't running.
  public func stop() {
    let stopping = running.withLock { running in
      defer { running = nil }
      return running
    }
    guard let stopping else { return }
    stopping.control.publish(.stop)
    pthread_join(stopping.thread, nil)
  }

  /// Asks it to end as the engine does on SIGTERM: vLLM tells its streams of an error, llama.cpp
  /// falls silent and waits for its clients, the others close what is open.
  ///
  /// Returns at once. `stop()` is still to be called, and ends it now if it hasn't ended yet.
  public func terminate() { running.withLock { $0?.control.publish(.terminate) } }

  /// Waits until it has ended by itself: of a fault, or after `terminate()`.
  ///
  /// - Parameter other: when that is readable, the wait is over, too.
  /// - Returns: whether it has ended, or wasn't running.
  public func waitForEnd(unlessReadable other: FileDescriptor) -> Bool {
    guard let ended = running.withLock({ $0?.ended }) else { return true }
    var entries = [
      pollfd(fd: ended.descriptor.raw, events: Int16(POLLIN), revents: 0),
      pollfd(fd: other.raw, events: Int16(POLLIN), revents: 0),
    ]
    // EINTR: look again; anything else can't happen on open descriptors.
    while poll(&entries, nfds_t(entries.count), -1) < 0, errno == EINTR {}
    return entries[0].revents != 0
  }

  /// Where it listens; nil when it isn't running.
  public var address: SocketAddress? { running.withLock { $0?.address } }

  /// Whether its port is opened only when the model is loaded.
  public var isPortClosedAtFirst: Bool {
    options.personality.loading == .closedPort && options.loadTime > .zero
  }

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
    let ended: Mailbox<Bool>

    init(_ server: consuming MockServer, _ ended: Mailbox<Bool>) {
      self.server = server
      self.ended = ended
    }

    func run() {
      server.run()
      ended.publish(true)
    }
  }

  /// Starts a thread that runs a server until it stops.
  ///
  /// All signals are blocked there: they are the host program's.
  ///
  /// - Throws: `SystemError` of pthread_create(3).
  static func start(
    _ server: consuming MockServer,
    _ ended: Mailbox<Bool>
  ) throws(SystemError) -> pthread_t {
    // SAFETY: the reference that is passed as a raw pointer is taken back exactly once: by the
    // thread, or here when there is none. The caller keeps no other.
    let cargo = Unmanaged.passRetained(Cargo(server, ended))
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
        Unmanaged<Cargo>.fromOpaque(argument).takeRetainedValue().run()
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
