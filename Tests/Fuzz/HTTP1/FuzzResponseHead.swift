import OAIRHTTP1

/// The parser of response heads.
///
/// Input: two bytes that choose where the head is cut into two reads, one that chooses the
/// request's method, whether an upgrade was asked for and the limits, then the head.
struct FuzzResponseHead {
  static var target: FuzzTarget {
    FuzzTarget("response-head") { input, memory in
      guard input.count >= 3 else { return }
      let run = FuzzResponseHead(
        bytes: Array(input.dropFirst(3)),
        options: input[2],
        memory: memory
      )
      var table = HeadTable(capacity: run.limits.fields)
      run.check(cut: (Int(input[0]) << 8 | Int(input[1])) % (run.bytes.count + 1), &table)
    }
  }

  private let bytes: [UInt8]
  private let memory: GuardedCopy
  private var limits = HTTP1Limits()
  private let isUnlimited: Bool
  private let method: HTTPMethod
  private let allowsUpgrade: Bool

  private init(bytes: [UInt8], options: UInt8, memory: GuardedCopy) {
    self.bytes = bytes
    self.memory = memory
    if options & 1 != 0 { limits.head = 8 + Int(options) * 2 }
    if options & 2 != 0 { limits.requestLine = 8 + Int(options) / 4 }
    if options & 4 != 0 { limits.fields = 1 + Int(options) / 16 }
    method = options & 8 != 0 ? .head : .post
    allowsUpgrade = options & 16 != 0
    isUnlimited = options & 7 == 0 && bytes.count <= ReferenceHead.sizeLimit
  }

  private enum Verdict: Equatable {
    case needMore
    case head(ResponseHead)
    case failed(HTTP1Error)
  }

  /// Parses the first bytes, against a page that can't be read.
  private func parse(_ count: Int, after scanned: Int = 0, _ table: inout HeadTable) -> Verdict {
    memory.with(bytes[..<count]) { part in
      switch ResponseHeadParser.parse(
        planted(part),
        previouslyScanned: scanned,
        requestMethod: method,
        into: &table,
        limits: limits,
        allowsUpgrade: allowsUpgrade
      )
      {
      case .needMore: .needMore
      case .head(let head): .head(head)
      case .failed(let error): .failed(error)
      }
    }
  }

  /// The bytes, but for a bug that is made on purpose: behind three digits and a CR, one byte more
  /// than there is.
  private func planted(_ part: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    #if PLANTED_BUG
      if part.count == 13, part[12] == 13 {
        return UnsafeRawBufferPointer(start: part.baseAddress, count: part.count + 1)
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
      require(error.status == 502, "a failure is a bad gateway")
      require(resumed == whole || resumed == .needMore, "a refusal is put off at most")
    case .head(let head):
      require(resumed == whole, "two reads give the same head")
      checkHead(head, table)
      let shorter = parse(head.length - 1, &table)
      require(shorter == .needMore, "a head is not there before its last byte")
      let exact = parse(head.length, &table)
      require(exact == whole, "what follows a head does not matter")
    }
  }

  private func checkReference(_ verdict: Verdict, _ table: borrowing HeadTable) {
    guard isUnlimited else { return }
    let reference = ReferenceHead.response(
      bytes,
      isHead: method == .head,
      allowsUpgrade: allowsUpgrade
    )
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

  private func checkHead(_ head: ResponseHead, _ table: borrowing HeadTable) {
    require(head.length <= min(bytes.count, limits.head), "the head lies within bytes and limit")
    require(bytes[head.length - 2] == 0x0D && bytes[head.length - 1] == 0x0A, "it ends in CRLF")
    require(head.status >= 100 && head.status < 600, "a status has its range")
    require(head.status != 101 || allowsUpgrade, "101 needs to be asked for")
    require(head.statusRange.count == 3 && head.statusRange.start == 9, "three digits")
    require(Int(head.reason.end) <= limits.requestLine, "line limit")
    require(
      !bytes[head.reason.range].contains(where: ReferenceLines.isControl),
      "no control bytes in the reason"
    )
    if method == .head || head.status < 200 || head.status == 204 || head.status == 304 {
      require(head.framing == .none, "some answers have no body")
    } else {
      require(head.framing != .none, "the others have one")
    }
    require(head.framing != .untilClose || !head.isKeepAlive, "a closed connection is not kept")
    require(head.framing != .chunked || head.minorVersion >= 1, "HTTP/1.0 has no chunks")
    require(head.framing != .chunked || !table.contains(.contentLength), "one framing")
    FieldOrder(end: Int(head.reason.end), headLength: head.length, limits).check(table, bytes)
  }
}
