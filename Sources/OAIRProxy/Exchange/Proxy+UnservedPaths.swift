import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys

// A backend may not have a path although its engine is known for it: an older version, or a model
// that is made for something else. Its own 404 tells; others are asked then, for a while.

extension Proxy {
  /// What a 404 says of the path.
  private enum PathVerdict { case served, unserved, needMore }

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
    guard head.status == 404, !downstreams[downstream].exchange.isHeadOut,
      downstreams[downstream].exchange.isRepeatable
    else { return false }
    switch Self.pathVerdict(head, UnsafeRawBufferPointer(rebasing: bytes[head.length...])) {
    case .served: return false
    case .needMore:
      upstreams[upstream].held.append(bytes)
      upstreams[upstream].headScanned = 0
      return true
    case .unserved:
      remember(upstreams[upstream].record, downstreams[downstream].exchange.service.family)
      return moveOn(upstream, downstream, .status(404), isPaid: false) == .moved
    }
  }

  private static func pathVerdict(
    _ head: ResponseHead,
    _ body: UnsafeRawBufferPointer
  ) -> PathVerdict {
    guard case .length(let length) = head.framing, !head.isEncoded,
      (1...ProxyLimits.errorBody).contains(length)
    else { return .served }
    guard body.count >= length else { return .needMore }
    let text = UnsafeRawBufferPointer(rebasing: body[..<length])
    // FastAPI (vLLM, SGLang); Go's http package (Ollama); llama.cpp.
    if text.equals("{\"detail\":\"Not Found\"}") || text.starts("404 page not found") {
      return .unserved
    }
    return text.starts("{\"error\":{\"message\":\"File Not Found\"") ? .unserved : .served
  }

  private mutating func remember(_ record: BackendRecord, _ family: PathFamily) {
    guard slots[record.slot].incarnation == record.incarnation else { return }
    counters.unservedPaths += 1
    if slots[record.slot].unservedUntil <= reactor.now { slots[record.slot].unserved = [] }
    slots[record.slot].unserved.insert(family)
    slots[record.slot].unservedUntil = reactor.now &+ ProxyLimits.unservedNanoseconds
  }
}
