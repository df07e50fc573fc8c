// Fuzzes the parser of response heads with libFuzzer. Input: two bytes that choose where the head
// is cut into two reads, one that chooses the request's method, whether an upgrade was asked for
// and the limits, then the head.

#if canImport(OAIRHTTP1)
  import OAIRHTTP1
#endif

/// Ends the run with a message if a property does not hold.
private func require(_ holds: Bool, _ property: StaticString) {
  guard holds else { fatalError("broken: \(property)") }
}

/// Calls with a copy of its own of some bytes, so that the sanitizer sees a read behind them.
private func withCopy<Result>(
  _ bytes: UnsafeRawBufferPointer,
  _ count: Int,
  _ body: (UnsafeRawBufferPointer) -> Result
) -> Result {
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
  defer { copy.deallocate() }
  copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
  return body(UnsafeRawBufferPointer(copy))
}

private enum Verdict: Equatable {
  case needMore
  case head(ResponseHead)
  case failed(HTTP1Error)

  init(_ parse: HeadParse<ResponseHead>) {
    switch parse {
    case .needMore: self = .needMore
    case .head(let head): self = .head(head)
    case .failed(let error): self = .failed(error)
    }
  }
}

private func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 0x09) || byte == 0x7F }

private func checkHead(
  _ head: ResponseHead,
  _ bytes: UnsafeRawBufferPointer,
  _ table: borrowing HeadTable,
  _ limits: HTTP1Limits,
  _ method: HTTPMethod,
  allowsUpgrade: Bool
) {
  require(head.length <= min(bytes.count, limits.head), "the head lies within bytes and limit")
  require(bytes[head.length - 2] == 0x0D && bytes[head.length - 1] == 0x0A, "it ends in CRLF")
  require(head.status >= 100 && head.status < 600, "a status has its range")
  require(head.status != 101 || allowsUpgrade, "101 needs to be asked for")
  require(head.statusRange.count == 3 && head.statusRange.start == 9, "three digits")
  require(Int(head.reason.end) <= limits.requestLine, "line limit")
  require(bytes[head.reason.range].allSatisfy { !isControl($0) }, "no control bytes in the reason")
  if method == .head || head.status < 200 || head.status == 204 || head.status == 304 {
    require(head.framing == .none, "some answers have no body")
  } else {
    require(head.framing != .none, "the others have one")
  }
  require(head.framing != .untilClose || !head.isKeepAlive, "a closed connection is not kept")
  require(head.framing != .chunked || head.minorVersion >= 1, "HTTP/1.0 has no chunks")
  require(head.framing != .chunked || !table.contains(.contentLength), "one framing")
  var end = Int(head.reason.end)
  require(table.count <= limits.fields, "field limit")
  for index in 0..<table.count {
    let field = table[index]
    require(field.name.start > end && !field.name.isEmpty, "fields stand in order")
    require(field.value.start > field.name.end, "a value stands behind its colon")
    require(Int(field.value.end) <= head.length - 4, "a value stands before the last CRLFs")
    require(bytes[field.value.range].allSatisfy { !isControl($0) }, "no control bytes in values")
    end = Int(field.value.end)
  }
}

/// libFuzzer's entry.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzResponseHead(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  guard size >= 3 else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: data + 3, count: size - 3)
  let cut = (Int(data[0]) << 8 | Int(data[1])) % (bytes.count + 1)
  var limits = HTTP1Limits()
  if data[2] & 1 != 0 { limits.head = 8 + Int(data[2]) * 2 }
  if data[2] & 2 != 0 { limits.requestLine = 8 + Int(data[2]) / 4 }
  if data[2] & 4 != 0 { limits.fields = 1 + Int(data[2]) / 16 }
  let method: HTTPMethod = data[2] & 8 != 0 ? .head : .post
  let allowsUpgrade = data[2] & 16 != 0
  var table = HeadTable(capacity: limits.fields)
  func parse(_ part: UnsafeRawBufferPointer, after scanned: Int) -> Verdict {
    Verdict(
      ResponseHeadParser.parse(
        part,
        previouslyScanned: scanned,
        requestMethod: method,
        into: &table,
        limits: limits,
        allowsUpgrade: allowsUpgrade
      )
    )
  }

  let prefix = withCopy(bytes, cut) { parse($0, after: 0) }
  let resumed = withCopy(bytes, bytes.count) { parse($0, after: prefix == .needMore ? cut : 0) }
  let whole = withCopy(bytes, bytes.count) { parse($0, after: 0) }
  require(prefix == .needMore || prefix == whole, "a prefix leaves the verdict open or gives it")
  switch whole {
  case .needMore: require(resumed == .needMore, "a read can't close what the whole leaves open")
  case .failed(let error):
    require(error.offset >= 0 && error.offset <= bytes.count, "a failure lies within the bytes")
    require(error.status == 502, "a failure is a bad gateway")
    require(resumed == whole || resumed == .needMore, "a refusal is put off at most")
  case .head(let head):
    require(resumed == whole, "two reads give the same head")
    checkHead(head, bytes, table, limits, method, allowsUpgrade: allowsUpgrade)
    let shorter = withCopy(bytes, head.length - 1) { parse($0, after: 0) }
    require(shorter == .needMore, "a head is not there before its last byte")
    let exact = withCopy(bytes, head.length) { parse($0, after: 0) }
    require(exact == whole, "what follows a head does not matter")
  }
  return 0
}
