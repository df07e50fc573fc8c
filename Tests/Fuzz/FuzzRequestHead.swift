// Fuzzes the parser of request heads with libFuzzer. Input: two bytes that choose where the head is
// cut into two reads, one that chooses the limits, then the head.

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
  case head(RequestHead)
  case failed(HTTP1Error)

  init(_ parse: HeadParse<RequestHead>) {
    switch parse {
    case .needMore: self = .needMore
    case .head(let head): self = .head(head)
    case .failed(let error): self = .failed(error)
    }
  }
}

private func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 0x09) || byte == 0x7F }

private func checkHead(
  _ head: RequestHead,
  _ bytes: UnsafeRawBufferPointer,
  _ table: borrowing HeadTable,
  _ limits: HTTP1Limits
) {
  require(head.length <= min(bytes.count, limits.head), "the head lies within bytes and limit")
  require(bytes[head.length - 2] == 0x0D && bytes[head.length - 1] == 0x0A, "it ends in CRLF")
  require(head.methodRange.start < head.methodRange.end, "a method is not empty")
  require(head.methodRange.end < head.target.start, "the method stands before the target")
  require(Int(head.target.end) - Int(head.methodRange.start) <= limits.requestLine, "line limit")
  for byte in bytes[head.target.range] {
    require(byte > 0x20 && byte < 0x7F && byte != 0x23, "a target is visible ASCII without #")
  }
  for part in [head.path, head.query] {
    require(part.start >= head.target.start && part.end <= head.target.end, "inside the target")
  }
  require(!head.path.isEmpty || head.method == .connect, "a path is not empty")
  require(head.minorVersion == 0 || !head.host.isEmpty, "HTTP/1.1 has a host")
  require(head.framing != .untilClose, "a request does not end with its connection")
  var end = Int(head.target.end)
  require(table.count <= limits.fields, "field limit")
  for index in 0..<table.count {
    let field = table[index]
    require(field.name.start > end && !field.name.isEmpty, "fields stand in order")
    require(field.value.start > field.name.end, "a value stands behind its colon")
    require(Int(field.value.end) <= head.length - 4, "a value stands before the last CRLFs")
    require(bytes[Int(field.name.end)] == 0x3A, "a colon follows the name")
    require(bytes[field.value.range].allSatisfy { !isControl($0) }, "no control bytes in values")
    end = Int(field.value.end)
  }
}

/// Writes the parsed head anew and parses that: it must mean the same.
private func checkRewritten(
  _ head: RequestHead,
  _ bytes: UnsafeRawBufferPointer,
  _ table: inout HeadTable
) {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: head.length + 16, alignment: 1)
  defer { memory.deallocate() }
  var writer = HeadWriter(memory)
  writer.append(UnsafeRawBufferPointer(rebasing: bytes[head.methodRange.range]))
  writer.append(" ")
  writer.append(UnsafeRawBufferPointer(rebasing: bytes[head.target.range]))
  writer.append(head.minorVersion == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n")
  let count = table.count
  for index in 0..<count {
    let field = table[index]
    writer.field(
      UnsafeRawBufferPointer(rebasing: bytes[field.name.range]),
      UnsafeRawBufferPointer(rebasing: bytes[field.value.range])
    )
  }
  writer.endOfHead()
  require(!writer.isInvalid, "what the parser accepts, the writer accepts")
  // A line without a space behind its colon grows by one.
  guard !writer.isOverflowed else { return }
  let written = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<writer.count])
  guard
    case .head(let again) = RequestHeadParser.parse(
      written,
      previouslyScanned: 0,
      into: &table,
      limits: HTTP1Limits()
    )
  else { fatalError("a head that was written anew is not parsed") }
  require(again.length == writer.count && table.count == count, "the same fields")
  require(again.framing == head.framing && again.isKeepAlive == head.isKeepAlive, "the same end")
  require(again.method == head.method && again.upgrade == head.upgrade, "the same request")
  require(again.contentKind == head.contentKind, "the same content")
}

/// libFuzzer's entry.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestHead(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  guard size >= 3 else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: data + 3, count: size - 3)
  let cut = (Int(data[0]) << 8 | Int(data[1])) % (bytes.count + 1)
  var limits = HTTP1Limits()
  if data[2] & 1 != 0 { limits.head = 8 + Int(data[2]) * 2 }
  if data[2] & 2 != 0 { limits.requestLine = 8 + Int(data[2]) / 4 }
  if data[2] & 4 != 0 { limits.fields = 1 + Int(data[2]) / 16 }
  var table = HeadTable(capacity: limits.fields)
  func parse(_ part: UnsafeRawBufferPointer, after scanned: Int) -> Verdict {
    Verdict(
      RequestHeadParser.parse(part, previouslyScanned: scanned, into: &table, limits: limits)
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
    require(resumed == whole || resumed == .needMore, "a refusal is put off at most")
  case .head(let head):
    require(resumed == whole, "two reads give the same head")
    checkHead(head, bytes, table, limits)
    let shorter = withCopy(bytes, head.length - 1) { parse($0, after: 0) }
    require(shorter == .needMore, "a head is not there before its last byte")
    let exact = withCopy(bytes, head.length) { parse($0, after: 0) }
    require(exact == whole, "what follows a head does not matter")
    checkRewritten(head, bytes, &table)
  }
  return 0
}
