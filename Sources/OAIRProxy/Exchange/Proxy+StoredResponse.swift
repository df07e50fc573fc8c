import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// Stored responses live at the backend that made them. Its answer tells their ids; requests that
// name one, in their path or as `previous_response_id`, go there.

extension Proxy {
  /// Routes a request for one stored response: to its backend, or to the only one that may have it.
  mutating func routeStored(_ downstream: Handle, id: Range<Int>) {
    guard table.isListed else {
      waitingForListing.append(downstream)
      return
    }
    let bytes = downstreams[downstream].exchange.head[pathRange(downstream, id)]
    let name = UnsafeRawBufferPointer(rebasing: bytes)
    guard let owner = commons.owner(of: name) ?? onlyOwner() else {
      refuse(downstream, unknownResponseError(downstream, name))
      return
    }
    downstreams[downstream].exchange.destination = .owner(owner)
    chooseCandidate(downstream)
  }

  func unknownResponseError(
    _ downstream: Handle,
    _ name: UnsafeRawBufferPointer
  ) -> GatewayError {
    let text = String(decoding: name.prefix(ResponseOwners.idLimit), as: UTF8.self)
    let advice =
      "Which backend has the response '\(text)' isn't known: it was made before this router "
      + "started, or too many were made since."
    return GatewayError(.unsupportedEndpoint, targetText(downstream), advice: advice)
  }

  func pathRange(_ downstream: Handle, _ range: Range<Int>) -> Range<Int> {
    let start = downstreams[downstream].exchange.target.range.lowerBound
    return (start + range.lowerBound)..<(start + range.upperBound)
  }

  /// The one backend that serves such paths, if there is just one.
  func onlyOwner() -> ResponseOwners.Owner? {
    var only: ResponseOwners.Owner?
    for (index, fact) in table.facts.enumerated() where serves(index, .responses) {
      guard fact.state.isUsable else { continue }
      guard only == nil else { return nil }
      only = ResponseOwners.Owner(slot: Int(fact.slot), incarnation: fact.incarnation)
    }
    return only
  }

  /// The index of a backend in the newest table; nil once it is gone.
  func index(of owner: ResponseOwners.Owner) -> Int? {
    table.facts.firstIndex {
      Int($0.slot) == owner.slot && $0.incarnation == owner.incarnation
    }
  }

  /// The backend of the response that a request goes on from, while it is a candidate.
  mutating func predecessorsBackend(_ downstream: Handle) -> Int? {
    guard let range = downstreams[downstream].exchange.peek.previousResponseRange,
      downstreams[downstream].exchange.service.family == .responses,
      case .entry(let entry) = destination(downstream)
    else { return nil }
    // Another model's name in front of it has moved it.
    let growth = downstreams[downstream].exchange.growth
    let isBehind =
      range.lowerBound > downstreams[downstream].exchange.peek.modelRange?.lowerBound ?? .max
    let shift = isBehind ? growth : 0
    let body = downstreams[downstream].exchange.body
    guard range.upperBound + shift <= body.count else { return nil }
    let id = UnsafeRawBufferPointer(
      rebasing: body[(range.lowerBound + shift)..<(range.upperBound + shift)]
    )
    guard let owner = commons.owner(of: id), let index = index(of: owner),
      table.candidates(entry).contains(Int32(index))
    else { return nil }
    return index
  }

  /// Looks for the id of a new response in what passes of its answer, piece by piece: the end of
  /// one is kept for the next.
  mutating func learnResponse(
    _ upstream: Handle,
    _ downstream: Handle,
    _ bytes: UnsafeRawBufferPointer
  ) {
    let left = ProxyLimits.responseIDSearch - downstreams[downstream].exchange.soughtBytes
    let piece = UnsafeRawBufferPointer(rebasing: bytes.prefix(left))
    downstreams[downstream].exchange.soughtBytes += piece.count
    let isFirst = downstreams[downstream].exchange.soughtTail.isEmpty
    if !isFirst { downstreams[downstream].exchange.soughtTail.append(piece) }
    let looked = isFirst ? piece : downstreams[downstream].exchange.soughtTail.bytes
    let id = ResponseID.find(in: looked).map { Array(looked[$0]) }
    if let id {
      let record = upstreams[upstream].record
      commons.learn(
        id,
        ResponseOwners.Owner(slot: record.slot, incarnation: record.incarnation)
      )
    }
    if id != nil || piece.count == left {
      downstreams[downstream].exchange.seeksResponseID = false
      downstreams[downstream].exchange.soughtTail.removeAll()
      return
    }
    let overlap = ResponseID.overlap(length: ResponseOwners.idLimit)
    if isFirst {
      let tail = UnsafeRawBufferPointer(rebasing: piece.suffix(overlap))
      downstreams[downstream].exchange.soughtTail.append(tail)
    } else {
      let excess = downstreams[downstream].exchange.soughtTail.count - overlap
      if excess > 0 { downstreams[downstream].exchange.soughtTail.consume(excess) }
    }
  }
}
