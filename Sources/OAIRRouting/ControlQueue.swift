public import Dispatch

/// The executor of the registry: a serial Dispatch queue.
///
/// `DispatchSerialQueue`, which would be one by itself, doesn't exist on Linux.
public final class ControlQueue: SerialExecutor {
  /// The queue; sources and timers that belong to the actor are made on it.
  public let queue: DispatchQueue

  /// Makes a queue of its own.
  ///
  /// - Parameter label: its name in a debugger.
  public init(label: String) { queue = DispatchQueue(label: label, qos: .utility) }

  /// Runs a job of the actor on the queue.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  /// Lets `assumeIsolated` work in a handler that Dispatch calls on the queue.
  public func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
