import OAIRHTTP1

/// The parser of request heads.
///
/// Input: two bytes that choose where the head is cut into two reads, one that chooses the limits,
/// then the head.
struct FuzzRequestHead {
  static var target: FuzzTarget {
    FuzzTarget("request-head") { input, memory in
      guard input.count >= 3 else { return }
      let run = FuzzRequestHead(bytes: Array(input.dropFirst(3)), options: input[2], memory: memory)
      var table = HeadTable(capacity: run.limits.fields)
      run.check(cut: (Int(input[0]) << 8 | Int(input[1])) % (run.bytes.count + 1), &table)
    }
  }

  private let bytes: [UInt8]
  private let memory: GuardedCopy
  private var limits = HTTP1Limits()
  private let isUnlimited: Bool

  private init(bytes: [UInt8], options: UInt8, memory: GuardedCopy) {
    self.bytes = bytes
    self.memory = memory
    if options & 1 != 0 { limits.head = 8 + Int(options) * 2 }
    if options & 2 != 0 { limits.requestLine = 8 + Int(options) / 4 }
    if options & 4 != 0 { limits.fields = 1 + Int(options) / 16 }
    isUnlimited = options & 7 == 0 && bytes.count <= ReferenceHead.sizeLimit
  }

  private enum Verdict: Equatable {
    case needMore
    case head(RequestHead)
    case failed(HTTP1Error)
  }

  /// Parses the first bytes, against a page that can't be read.
  private func parse(_ count: Int, after scanned: Int = 0, _ table: inout HeadTable) -> Verdict {
    memory.with(planted(bytes[..<count])) { part in
      switch RequestHeadParser.parse(
        part,
        previouslyScanned: scanned,
        into: &table,
        limits: limits
      )
      {
      case .needMore: .needMore
      case .head(let head): .head(head)
      case .failed(let error): .failed(error)
      }
    }
  }

  /// The bytes, but for a bug that is made on purpose: a tab before a colon is let through.
  private func planted(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    #if PLANTED_BUG
      var part = part
      for index in part.indices.dropFirst() where part[index] == 58 && part[index - 1] == 9 {
        part[index - 1] = 45
      }
    #endif
    return part
  }

  private func check(cut: Int, _ table: inout HeadTable) {
    let prefix = parse(cut, &table)
    let resumed = parse(bytes.count, after: prefix == .needMore ? cut : 0, &table)
    let whole = parse(bytes.count, &table)
    require(prefix == .needMore || prefix == whole, "a prefix leaves the verdict open or gives it")
    checkReference(whole, table)
    switch whole {
    case .needMore: require(resumed == .needMore, "a read can't close what the whole leaves open")
    case .failed(let error):
      require(error.offset >= 0 && error.offset <= bytes.count, "a failure lies within the bytes")
      require(resumed == whole || resumed == .needMore, "a refusal is put off at most")
    case .head(let head):
      require(resumed == whole, "two reads give the same head")
      checkHead(head, table)
      checkRewritten(head, &table)
      let shorter = parse(head.length - 1, &table)
      require(shorter == .needMore, "a head is not there before its last byte")
      let exact = parse(head.length, &table)
      require(exact == whole, "what follows a head does not matter")
    }
  }

  private func checkReference(_ verdict: Verdict, _ table: borrowing HeadTable) {
    guard isUnlimited else { return }
    let reference = ReferenceHead.request(bytes)
    switch verdict {
    case .needMore: require(reference == .incomplete, "\(reference), but the parser waits")
    case .failed(let error):
      require(reference == .incomplete || reference == .refused, "refused without need: \(error)")
    case .head(let head):
      let texts = bytes.withUnsafeBytes { ReferenceHead.texts(table, $0) }
      let parsed = ReferenceHead.accepted(length: head.length, head.framing, texts)
      require(reference == parsed, "parsed as \(parsed), but it is \(reference)")
    }
  }

  private func checkHead(_ head: RequestHead, _ table: borrowing HeadTable) {
    require(head.length <= min(bytes.count, limits.head), "the head lies within bytes and limit")
    require(bytes[head.length - 2] == 0x0D && bytes[head.length - 1] == 0x0A, "it ends in CRLF")
    require(head.methodRange.start < head.methodRange.end, "a method is not empty")
    require(head.methodRange.end < head.target.start, "the method stands before the target")
    require(Int(head.target.end) - Int(head.methodRange.start) <= limits.requestLine, "line limit")
    for byte in bytes[head.target.range] {
      require(byte > 0x20 && byte < 0x7F && byte != 0x23, "a target is visible ASCII without #")
    }
    for part in [head.path, head.query] {
      require(
        part.start >= head.target.start && part.end <= head.target.end,
        "inside the target"
      )
    }
    require(!head.path.isEmpty || head.method == .connect, "a path is not empty")
    require(head.minorVersion == 0 || !head.host.isEmpty, "HTTP/1.1 has a host")
    require(head.framing != .untilClose, "a request does not end with its connection")
    FieldOrder(end: Int(head.target.end), headLength: head.length, limits).check(table, bytes)
  }

  /// Writes the parsed head anew and parses that: it must mean the same.
  private func checkRewritten(_ head: RequestHead, _ table: inout HeadTable) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: head.length + 16, alignment: 1)
    defer { memory.deallocate() }
    var writer = HeadWriter(memory)
    let count = table.count
    bytes.withUnsafeBytes { write(head, $0, table, &writer) }
    require(!writer.isInvalid, "what the parser accepts, the writer accepts")
    // A line without a space behind its colon grows by one.
    guard !writer.isOverflowed else { return }
    let written = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<writer.count])
    let parse = RequestHeadParser.parse(
      written,
      previouslyScanned: 0,
      into: &table,
      limits: HTTP1Limits()
    )
    guard case .head(let again) = parse else {
      return require(false, "a head that was written anew is parsed")
    }
    require(again.length == writer.count && table.count == count, "the same fields")
    require(
      again.framing == head.framing && again.isKeepAlive == head.isKeepAlive,
      "the same end"
    )
    require(again.method == head.method && again.upgrade == head.upgrade, "the same request")
    require(again.contentKind == head.contentKind, "the same content")
  }

  private func write(
    _ head: RequestHead,
    _ bytes: UnsafeRawBufferPointer,
    _ table: borrowing HeadTable,
    _ writer: inout HeadWriter
  ) {
    func part(_ range: ByteRange) -> UnsafeRawBufferPointer { .init(rebasing: bytes[range.range]) }
    writer.append(part(head.methodRange))
    writer.append(" ")
    writer.append(part(head.target))
    writer.append(head.minorVersion == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n")
    for index in 0..<table.count {
      writer.field(part(table[index].name), part(table[index].value))
    }
    writer.endOfHead()
  }
}
