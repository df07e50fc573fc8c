import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// Answers that say that something went wrong, and whose bodies decide what becomes of the request:
// these are waited for, within a bound, before anything is done with the answer.

extension Proxy {
  /// The body of an answer, as far as it has come.
  ///
  /// - Parameter bytes: the answer, from its head on.
  func errorBody(
    _ upstream: Handle,
    _ head: ResponseHead,
    _ bytes: UnsafeRawBufferPointer
  ) -> ErrorBody {
    ErrorBody(
      head,
      UnsafeRawBufferPointer(rebasing: bytes[head.length...]),
      isClosed: upstreams[upstream].errorBody == .closed,
      limits: limits.http
    )
  }

  /// Keeps an answer until its body is whole; it is looked at anew then, from its head on.
  mutating func awaitErrorBody(_ upstream: Handle, _ bytes: UnsafeRawBufferPointer) {
    upstreams[upstream].held.append(bytes)
    upstreams[upstream].headScanned = 0
    if upstreams[upstream].errorBody == .none { upstreams[upstream].errorBody = .awaited }
  }

  /// The backend has closed while the rest of an error's body was awaited.
  mutating func errorBodyClosed(_ upstream: Handle, _ downstream: Handle) {
    upstreams[upstream].errorBody = .closed
    let count = upstreams[upstream].held.count
    presentHeld(upstream, count)
    readResponseHead(upstream, downstream, count: count)
    guard upstreams.contains(upstream), upstreams[upstream].phase == .exchanging else { return }
    // The answer passes, and this is its end; or it is cut, and nobody has seen a byte of it.
    upstreamClosed(upstream, downstream, isReset: false)
  }

  // MARK: Behind an early head

  /// An answer that can't go on behind the head that the client has: the request ends with what it
  /// says.
  ///
  /// - Parameter bytes: the answer as far as it has come, from its head on.
  mutating func endUnfit(
    _ upstream: Handle,
    _ downstream: Handle,
    _ head: ResponseHead,
    _ bytes: UnsafeRawBufferPointer
  ) {
    var message = ""
    if head.status >= 300 {
      switch errorBody(upstream, head, bytes) {
      case .partial where upstreams[upstream].errorBody != .closed:
        upstreams[upstream].isUnfit = true
        awaitErrorBody(upstream, bytes)
        return
      case .partial(let body), .whole(let body):
        message = body.withUnsafeBytes { ErrorText($0).message }
      case .unreadable: break
      }
    }
    scratch.unfit = GatewayError(
      .upstreamAnswer,
      upstreams[upstream].record.id,
      advice: Self.unfitText(head, message)
    )
    closeUpstream(upstream)
    endAttempt(downstream)
    step(downstream, .lost(.misfit))
  }

  private static func unfitText(_ head: ResponseHead, _ message: String) -> String {
    guard head.status < 300 else {
      return message.isEmpty ? "\(head.status)." : "\(head.status): \(message)"
    }
    if head.isEncoded { return "\(head.status) with a compressed body instead of a plain stream." }
    let kind = head.contentKind == .json ? "JSON" : "something else"
    return "\(head.status) with \(kind) instead of a stream."
  }
}
