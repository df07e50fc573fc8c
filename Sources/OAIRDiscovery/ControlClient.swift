import Dispatch
public import OAIRSys
import Synchronization

/// The HTTP client of the control plane: probes, listings, container engines.
///
/// GET only, tcp and unix sockets, a connection per request, a deadline for each.
///
/// Callable from any thread. All its connections live in one event loop that has a Dispatch queue,
/// and with it a thread, of its own; the data plane is never touched.
public final class ControlClient: Sendable {
  private let inbox: ControlInbox
  private let queue = DispatchQueue(label: "oairouter.discovery", qos: .utility)
  private let lastID = Atomic<UInt64>(0)
  private let capacity: Int

  /// Makes a client that doesn't run yet: requests wait for `start()`.
  ///
  /// - Parameter capacity: connections at one time, from 1.
  /// - Throws: `SystemError` when no descriptor is left.
  public init(capacity: Int = DiscoveryLimits.connections) throws(SystemError) {
    inbox = try ControlInbox()
    self.capacity = max(capacity, 1)
  }

  /// Starts the event loop; to be called once.
  ///
  /// - Throws: `SystemError` when it can't be opened: no descriptor is left. The client is stopped
  ///   then.
  public func start() async throws(SystemError) {
    let failure = await withCheckedContinuation {
      (continuation: CheckedContinuation<SystemError?, Never>) in
      queue.async { [inbox, capacity] in
        do throws(SystemError) {
          var loop = try ControlLoop(inbox: inbox, capacity: capacity)
          continuation.resume(returning: nil)
          loop.run()
        } catch {
          for case .start(_, _, let sink) in inbox.close() { sink.fail(.stopped) }
          continuation.resume(returning: error)
        }
      }
    }
    if let failure { throw failure }
  }

  /// Ends the event loop: what is under way fails as `stopped`, as does whatever comes later.
  public func stop() async {
    guard inbox.submit(.stop) else { return }
    // The loop runs on a serial queue: what is put behind it runs when it has ended.
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }

  /// Sends a request and waits for the whole response.
  ///
  /// - Parameter request: where, what and how long.
  /// - Returns: the response, whatever its status.
  /// - Throws: `ControlFailure` when there is none.
  public func fetch(_ request: ControlRequest) async throws(ControlFailure) -> ControlResponse {
    let id = nextID()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        submit(id, request, .whole(continuation))
        // Cancelled before the request was there to be given up.
        if Task.isCancelled { _ = inbox.submit(.cancel(id: id)) }
      }
    } onCancel: {
      _ = inbox.submit(.cancel(id: id))
    }
    return try result.get()
  }

  /// Sends a request whose response goes on for ever, such as a container engine's events.
  ///
  /// - Parameter request: its timeout is for the head only.
  /// - Returns: an empty piece when the head is there, then the body's pieces as they come; it ends
  ///   with the response, or throws a `ControlFailure`. Giving the stream up closes the connection.
  public func stream(_ request: ControlRequest) -> AsyncThrowingStream<[UInt8], any Error> {
    let id = nextID()
    let (stream, continuation) = AsyncThrowingStream.makeStream(
      of: [UInt8].self,
      throwing: (any Error).self,
      bufferingPolicy: .bufferingOldest(DiscoveryLimits.streamPieces)
    )
    submit(id, request, .pieces(continuation))
    continuation.onTermination = { [inbox] _ in _ = inbox.submit(.cancel(id: id)) }
    return stream
  }

  // MARK: - Guests

  /// Lets work into the event loop, to live there beside the requests.
  ///
  /// - Parameter make: called on the loop's thread.
  /// - Returns: the guest's id; nil when the loop has ended.
  func admit(_ make: @escaping @Sendable () -> any LoopGuest) -> UInt64? {
    let id = nextID()
    return inbox.submit(.admit(id: id, make)) ? id : nil
  }

  /// Tells a guest that something was left for it.
  ///
  /// Callable from any thread, as is `dismiss`.
  func wake(guest id: UInt64) { _ = inbox.submit(.wake(id: id)) }

  /// Sends a guest away.
  func dismiss(guest id: UInt64) { _ = inbox.submit(.cancel(id: id)) }

  private func submit(_ id: UInt64, _ request: ControlRequest, _ sink: ControlSink) {
    if !inbox.submit(.start(id: id, request, sink)) { sink.fail(.stopped) }
  }

  private func nextID() -> UInt64 { lastID.wrappingAdd(1, ordering: .relaxed).newValue }
}
