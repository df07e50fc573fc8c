import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys

// The life of a request, 12 record: what its access line is made of.

extension Proxy {
  /// Puts the exchange's record into the ring.
  mutating func record(_ downstream: Handle) {
    guard let ring, ring.isWanted else { return }
    var record = AccessRecord()
    fill(&record, downstream)
    if !ring.push(record) { counters.droppedRecords += 1 }
  }

  private mutating func fill(_ record: inout AccessRecord, _ downstream: Handle) {
    let startedAt = downstreams[downstream].exchange.startedAt
    let committedAt = downstreams[downstream].exchange.committedAt
    record.serial = downstreams[downstream].exchange.serial
    // What was answered here began and ended in one tick, whose clock was read once.
    let isOurs = downstreams[downstream].exchange.machine.attempts == 0
    record.endedAt = isOurs ? reactor.kernel.now() : reactor.now
    record.durationNanoseconds = record.endedAt &- startedAt
    record.firstByteNanoseconds = committedAt == 0 ? 0 : committedAt &- startedAt
    record.requestBytes = max(
      downstreams[downstream].exchange.request.count
        + downstreams[downstream].exchange.streamedBytes,
      downstreams[downstream].exchange.requestBytes
    )
    record.responseBytes = downstreams[downstream].exchange.responseBytes
    record.attempts = downstreams[downstream].exchange.machine.attempts
    record.outcome = downstreams[downstream].exchange.outcome
    record.code = downstreams[downstream].exchange.failureCode
    let status = downstreams[downstream].exchange.status
    record.status = UInt16(clamping: record.outcome == .clientGone && status == 0 ? 499 : status)
    let request = downstreams[downstream].exchange.request.bytes
    let lineEnd = downstreams[downstream].exchange.target.range.upperBound
    var end = 0
    while end < lineEnd, end < request.count, request[end] != UInt8(ascii: "?") { end &+= 1 }
    record.request.append(UnsafeRawBufferPointer(rebasing: request[..<end]))
    record.waitedNanoseconds = downstreams[downstream].exchange.waited
    record.key = UInt16(clamping: keyNumber(downstream))
    (record.inputTokens, record.outputTokens) = downstreams[downstream].exchange.tokens
    switch downstreams[downstream].peer {
    case .ipv4(let address, _):
      record.peerVersion = 4
      record.peer.lower = UInt64(address)
    case .ipv6(let upper, let lower, _, _):
      record.peerVersion = 6
      record.peer = (upper, lower)
    case .unix: break
    }
    fillNames(&record, downstream)
  }

  /// An attempt has failed, and another one follows.
  mutating func record(_ event: AccessRecord.Event, _ downstream: Handle) {
    guard let ring, ring.isWanted else { return }
    var record = AccessRecord()
    record.event = event
    record.endedAt = reactor.now
    record.serial = downstreams[downstream].exchange.serial
    record.attempts = downstreams[downstream].exchange.machine.attempts
    record.code = lastFailure(downstream).word
    fillNames(&record, downstream)
    if !ring.push(record) { counters.droppedRecords += 1 }
  }

  private mutating func fillNames(_ record: inout AccessRecord, _ downstream: Handle) {
    let request = downstreams[downstream].exchange.request.bytes
    if let asked = downstreams[downstream].exchange.askedModel {
      asked.withUnsafeBytes { record.model.append($0) }
    } else if let range = downstreams[downstream].exchange.modelRange {
      record.model.append(UnsafeRawBufferPointer(rebasing: request[range]))
    }
    record.requestID.append(forwardedFacts(downstream).requestID)
    downstreams[downstream].exchange.record?.idBytes.withUnsafeBytes {
      record.backend.append($0)
    }
  }
}
