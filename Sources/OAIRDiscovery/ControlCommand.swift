/// What the control client's loop is told by other threads.
enum ControlCommand: Sendable {
  /// Send a request; its outcome goes to the sink.
  case start(id: UInt64, ControlRequest, ControlSink)
  /// Let a guest in.
  case admit(id: UInt64, @Sendable () -> any LoopGuest)
  /// Tell a guest that something was left for it.
  case wake(id: UInt64)
  /// Give up on a request, or send a guest away; one that is over is ignored.
  case cancel(id: UInt64)
  /// End everything.
  case stop
}

/// Where a response goes.
enum ControlSink: Sendable {
  /// To a caller that waits for all of it.
  case whole(CheckedContinuation<Result<ControlResponse, ControlFailure>, Never>)
  /// To a reader, piece by piece.
  case pieces(AsyncThrowingStream<[UInt8], any Error>.Continuation)

  /// Ends with a failure.
  func fail(_ failure: ControlFailure) {
    switch self {
    case .whole(let continuation): continuation.resume(returning: .failure(failure))
    case .pieces(let continuation): continuation.finish(throwing: failure)
    }
  }
}
