import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// A backend may not have a path although its engine is known for it: an older version, or a model
// that is made for something else. Its own 404 tells; others are asked then, for a while.

extension Proxy {
  /// Looks at a 404 that may be about the path rather than the model.
  ///
  /// - Parameter bytes: the answer as far as it has come, from its head on.
  /// - Returns: true when nothing is to be done with the answer: it isn't whole yet, or another
  ///   backend is asked.
  mutating func takesPathForMissing(
    _ upstream: Handle,
    _ downstream: Handle,
    _ head: ResponseHead,
    _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    guard head.status == 404, downstreams[downstream].exchange.isRepeatable,
      !isStored(downstream)
    else { return false }
    switch errorBody(upstream, head, bytes) {
    case .unreadable: return false
    case .partial:
      awaitErrorBody(upstream, bytes)
      return true
    case .whole(let body):
      let isMissing = body.withUnsafeBytes { MissingPath.judge($0) }
      guard isMissing != .no else { return false }
      if isMissing == .yes {
        remember(upstreams[upstream].record, downstreams[downstream].exchange.service.family)
      }
      return moveOn(upstream, downstream, .status(404), isPaid: false) == .moved
    }
  }

  /// What isn't there is a stored response, whatever the 404 says, and nobody else has it.
  private func isStored(_ downstream: Handle) -> Bool {
    if case .stored = downstreams[downstream].exchange.route { return true }
    return false
  }

  private mutating func remember(_ record: BackendRecord, _ family: PathFamily) {
    guard slots[record.slot].incarnation == record.incarnation else { return }
    counters.unservedPaths += 1
    if slots[record.slot].unservedUntil <= reactor.now { slots[record.slot].unserved = [] }
    slots[record.slot].unserved.insert(family)
    slots[record.slot].unservedUntil = reactor.now &+ ProxyLimits.unservedNanoseconds
  }
}
