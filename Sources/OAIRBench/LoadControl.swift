import OAIRReactor
public import OAIRSys
import Synchronization

/// What the thread that drives the load shares with whoever waits for it.
public final class LoadControl: Sendable {
  /// How far a run is.
  public struct Progress: Equatable, Sendable {
    /// Requests that were answered so far, warm-up included.
    public var requests: Int
    /// Requests that failed so far, warm-up included.
    public var failures: Int
    /// Content events so far, warm-up included.
    public var events: Int
    /// Requests on their way.
    public var inFlight: Int
  }

  private let requests = Atomic<Int>(0)
  private let failures = Atomic<Int>(0)
  private let events = Atomic<Int>(0)
  private let inFlight = Atomic<Int>(0)
  let stopping: Mailbox<Bool>
  private let ended: EventFD

  /// Makes what one run needs.
  ///
  /// - Throws: `SystemError` when no descriptor is left.
  public init() throws(SystemError) {
    stopping = try Mailbox()
    ended = try EventFD()
  }

  /// Readable once `end()` was called.
  public var endedDescriptor: FileDescriptor { ended.descriptor }

  /// How far it is; from any thread.
  public var progress: Progress {
    Progress(
      requests: requests.load(ordering: .relaxed),
      failures: failures.load(ordering: .relaxed),
      events: events.load(ordering: .relaxed),
      inFlight: inFlight.load(ordering: .relaxed)
    )
  }

  /// Ends the run early; what was measured until then is reported.
  ///
  /// From any thread.
  public func stop() { stopping.publish(true) }

  func publish(_ progress: Progress) {
    requests.store(progress.requests, ordering: .relaxed)
    failures.store(progress.failures, ordering: .relaxed)
    events.store(progress.events, ordering: .relaxed)
    inFlight.store(progress.inFlight, ordering: .relaxed)
  }

  /// Tells whoever waits that the run is over and its figures are there; from any thread.
  public func end() { ended.signal() }
}
