import OAIRHTTP1
import Testing

struct ChunkedDecoderTests {
  /// What decoding a body came to.
  struct Decoded: Equatable {
    var payload: [UInt8] = []
    /// Where in the body the size line of the last chunk began.
    var lastChunk: Int?
    /// Bytes of the body, once it is complete.
    var length: Int?
    var failure: HTTP1Error.Kind?
  }

  /// Feeds a body in reads that end at the given offsets, as a connection does: what the decoder
  /// does not consume is presented again in front of the next read.
  private func decode(
    _ body: [UInt8],
    readsEndingAt ends: [Int],
    _ limits: HTTP1Limits,
    _ memory: GuardedMemory
  ) -> Decoded {
    var decoder = ChunkedDecoder(limits: limits)
    var decoded = Decoded()
    var consumed = 0
    for end in ends + [body.count] {
      var isOpen = true
      while isOpen {
        isOpen = memory.withBytes(body[consumed..<end]) { bytes in
          var offset = 0
          let isBetweenChunks = decoder.isBetweenChunks
          let step = decoder.next(bytes, at: &offset)
          defer { consumed += offset }
          switch step {
          case .payload(let range):
            #expect(!range.isEmpty && range.upperBound == offset)
            #expect(decoder.owesChunkEnd == (decoder.openChunkRemaining == 0))
            decoded.payload += bytes[range]
            return true
          case .lastChunk(let start):
            #expect(isBetweenChunks || start > 0)
            decoded.lastChunk = consumed + start
            return true
          case .end:
            #expect(decoder.isEnded)
            decoded.length = consumed + offset
            return false
          case .needMore: return false
          case .failed(let error):
            #expect(error.offset >= 0 && error.offset <= bytes.count)
            decoded.failure = error.kind
            return false
          }
        }
      }
      if decoded.length != nil || decoded.failure != nil { break }
    }
    return decoded
  }

  /// Decodes a body whole, at every split and byte by byte, and expects the same from each.
  private func decode(
    _ source: String,
    _ limits: HTTP1Limits = HTTP1Limits()
  ) throws -> Decoded {
    let body = Array(source.utf8)
    let memory = try GuardedMemory(capacity: body.count)
    let whole = decode(body, readsEndingAt: [], limits, memory)
    for split in 0...body.count {
      #expect(decode(body, readsEndingAt: [split], limits, memory) == whole, "split at \(split)")
    }
    let trickled = decode(body, readsEndingAt: Array(0...body.count), limits, memory)
    #expect(trickled == whole, "byte by byte")
    return whole
  }

  static let accepted: [(String, String)] = [
    ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
    ("1\r\na\r\n2\r\nbc\r\n000\r\n\r\n", "abc"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("0000000000000001\r\nx\r\n0\r\n\r\n", "x"), ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
    ("1;ext\r\nx\r\n0\r\n\r\n", "x"), ("1;a=b;c=\"d e\"\r\nx\r\n0;z\r\n\r\n", "x"),
    ("1 \t; a = b\r\nx\r\n0 ;z\r\n\r\n", "x"), ("1;\r\nx\r\n0\r\n\r\n", "x"),
    ("1\r\nx\r\n0\r\nTrailer: y\r\nX:\r\n\r\n", "x"),
    ("0\r\nContent-Length: 5\r\nA: caf\u{e9}\t\r\n\r\n", ""),
  ]

  @Test(arguments: accepted)
  func `payload is found whatever surrounds it`(body: String, payload: String) throws {
    let decoded = try decode(body)
    #expect(decoded.failure == nil)
    #expect(decoded.length == body.utf8.count)
    #expect(decoded.payload == Array(payload.utf8))
    #expect(decoded.lastChunk != nil)
    #expect(try decode(body + "GET / HTTP/1.1\r\n") == decoded)
  }

  static let refused: [(String, HTTP1Error.Kind)] = [
    // Sizes (RFC 9112 section 7.1).
    ("+5\r\nhello\r\n", .invalidChunkSize), ("-5\r\nhello\r\n", .invalidChunkSize),
    ("0x5\r\nhello\r\n", .invalidChunkSize), (" 5\r\nhello\r\n", .invalidChunkSize),
    ("\t5\r\nhello\r\n", .invalidChunkSize), ("5 \r\nhello\r\n", .invalidChunkSize),
    ("5 5\r\nhello\r\n", .invalidChunkSize), ("g\r\n", .invalidChunkSize),
    ("5,5\r\nhello\r\n", .invalidChunkSize), ("\r\nhello\r\n", .invalidChunkSize),
    (";x\r\n", .invalidChunkSize), ("5_0\r\n", .invalidChunkSize), ("\u{0}\r\n", .invalidChunkSize),
    ("8000000000000000\r\n", .chunkSizeOverflow), ("ffffffffffffffff\r\n", .chunkSizeOverflow),
    ("10000000000000000\r\n", .chunkSizeOverflow),
    ("00000000000000005\r\nhello\r\n", .chunkSizeOverflow),
    // Line ends.
    ("5\nhello\r\n", .bareLineFeed), ("5\rhello\r\n", .bareCarriageReturn),
    ("5;x\nhello\r\n", .bareLineFeed), ("5 \n", .bareLineFeed),
    ("5;a\rb\r\nhello\r\n", .bareCarriageReturn), ("\n", .invalidChunkSize),
    ("5\r\nhello\n0\r\n\r\n", .bareLineFeed), ("5\r\nhello\rx", .bareCarriageReturn),
    ("5\r\nhello!\r\n", .missingChunkEnd), ("5\r\nhello0\r\n\r\n", .missingChunkEnd),
    // Extensions.
    ("5;a\u{0}b\r\nhello\r\n", .invalidChunkExtension),
    ("5;\u{7f}\r\nhello\r\n", .invalidChunkExtension),
    // Trailers (RFC 9112 section 7.1.2, as field lines).
    ("0\r\n\n", .bareLineFeed), ("0\r\n\rx", .bareCarriageReturn),
    ("0\r\nX\r\n\r\n", .invalidFieldName),
    ("0\r\n: x\r\n\r\n", .invalidFieldName), ("0\r\nX : y\r\n\r\n", .whitespaceBeforeColon),
    ("0\r\n X: y\r\n\r\n", .foldedLine), ("0\r\nX: y\r\n z\r\n\r\n", .foldedLine),
    ("0\r\nX: y\n\r\n", .bareLineFeed), ("0\r\nX: y\u{0}\r\n\r\n", .invalidFieldValue),
    ("0\r\nX: y\rz\r\n\r\n", .bareCarriageReturn),
  ]

  @Test(arguments: refused)
  func `a broken coding is refused`(body: String, kind: HTTP1Error.Kind) throws {
    let decoded = try decode(body)
    #expect(decoded.failure == kind)
    #expect(decoded.length == nil)
  }

  @Test func `the largest size that fits is taken`() throws {
    var decoder = ChunkedDecoder(limits: HTTP1Limits())
    let bytes = Array("7fffffffffffffff\r\nab".utf8)
    var offset = 0
    let step = bytes.withUnsafeBytes { decoder.next($0, at: &offset) }
    #expect(step == .payload(18..<20))
    #expect(decoder.openChunkRemaining == Int.max - 2)
    #expect(!decoder.owesChunkEnd)
  }

  @Test func `lines are consumed whole or not at all`() {
    var decoder = ChunkedDecoder(limits: HTTP1Limits())
    /// Presents the bytes and tells the step and how many were consumed.
    func feed(_ source: String) -> (ChunkedDecoder.Step, Int) {
      var offset = 0
      let step = Array(source.utf8).withUnsafeBytes { decoder.next($0, at: &offset) }
      return (step, offset)
    }
    #expect(decoder.isBetweenChunks)
    for part in ["", "5", "5;", "5;x", "5;x\r"] { #expect(feed(part) == (.needMore, 0), "\(part)") }
    #expect(feed("5;x\r\n") == (.needMore, 5))
    #expect(!decoder.isBetweenChunks)
    #expect(decoder.openChunkRemaining == 5)
    #expect(feed("abc") == (.payload(0..<3), 3))
    #expect(decoder.openChunkRemaining == 2)
    #expect(!decoder.owesChunkEnd)
    #expect(feed("de\r") == (.payload(0..<2), 2))
    #expect(decoder.owesChunkEnd)
    #expect(feed("\r") == (.needMore, 0))
    #expect(feed("\r\n") == (.needMore, 2))
    #expect(decoder.isBetweenChunks)
    #expect(feed("0\r\nX: y\r") == (.lastChunk(at: 0), 3))
    #expect(feed("X: y\r") == (.needMore, 0))
    #expect(feed("X: y\r\n") == (.needMore, 6))
    #expect(feed("\r") == (.needMore, 0))
    #expect(feed("\r\nrest") == (.end, 2))
    #expect(decoder.isEnded)
    #expect(feed("rest") == (.end, 0))
    #expect(feed("") == (.end, 0))
  }

  @Test func `a failure is repeated and consumes nothing more`() {
    var decoder = ChunkedDecoder(limits: HTTP1Limits(), isResponse: true)
    let bytes = Array("x\r\n0\r\n\r\n".utf8)
    for _ in 0..<2 {
      var offset = 0
      let step = bytes.withUnsafeBytes { decoder.next($0, at: &offset) }
      guard case .failed(let error) = step else {
        Issue.record("\(step)")
        return
      }
      #expect(error.kind == .invalidChunkSize)
      #expect(error.status == 502)
      #expect(offset == 0)
    }
    #expect(!decoder.isBetweenChunks && !decoder.isEnded && !decoder.owesChunkEnd)
  }

  @Test func `a size line may carry extensions up to the limit, complete or not`() throws {
    var limits = HTTP1Limits()
    limits.chunkExtensions = 10
    #expect(try decode("0;234567890\r\n\r\n", limits).length == 15)
    #expect(try decode("0;2345678901\r\n\r\n", limits).failure == .chunkExtensionsTooLarge)
    #expect(try decode("0;2345678901", limits).failure == .chunkExtensionsTooLarge)
    #expect(try decode("0           ", limits).failure == .chunkExtensionsTooLarge)
  }

  @Test func `extensions may not outweigh the payload for ever`() throws {
    var limits = HTTP1Limits()
    limits.chunkExtensions = 10
    let thin = String(repeating: "1;ab\r\nx\r\n", count: 20)
    #expect(try decode(thin, limits).failure == .chunkExtensionsTooLarge)
    let even = String(repeating: "3;ab\r\nxyz\r\n", count: 20) + "0\r\n\r\n"
    #expect(try decode(even, limits).failure == nil)
  }

  @Test func `trailers may be as large as the limit and no larger, complete or not`() throws {
    var limits = HTTP1Limits()
    limits.trailers = 12
    #expect(try decode("0\r\nA: b\r\nC: d\r\n\r\n", limits).length == 17)
    #expect(try decode("0\r\nA: b\r\nC: de\r\n\r\n", limits).failure == .trailersTooLarge)
    #expect(try decode("0\r\nA: bcdefghijkl", limits).failure == .trailersTooLarge)
    #expect(try decode("0\r\nABCDEFGHIJKLMN", limits).failure == .trailersTooLarge)
  }

  @Test(arguments: [
    ("000\r\n+++++++++\u{b}+++++\r\n", HTTP1Error.Kind.trailersTooLarge),
    ("0\r\nABCDEFGH\r\n\r\n", .invalidFieldName), ("0\r\nABCDEFG:\u{0}\r\n", .invalidFieldValue),
    ("0\r\nABCDEFGH:\u{0}\r\n", .trailersTooLarge), ("0          x", .invalidChunkSize),
    ("0           x", .chunkExtensionsTooLarge), ("0;345678901\u{0}", .invalidChunkExtension),
    ("0;3456789012\u{0}", .chunkExtensionsTooLarge), ("0          ;", .chunkExtensionsTooLarge),
  ])
  func `what stands behind a limit can't change the verdict`(
    body: String,
    kind: HTTP1Error.Kind
  ) throws {
    // The first of these was found by fuzzing: whole and byte by byte gave different reasons.
    var limits = HTTP1Limits()
    limits.chunkExtensions = 10
    limits.trailers = 10
    #expect(try decode(body, limits).failure == kind)
  }

  @Test func `an offset outside the bytes is a programmer's error`() async {
    await #expect(processExitsWith: .failure) {
      var decoder = ChunkedDecoder(limits: HTTP1Limits())
      var offset = 4
      _ = [UInt8](repeating: 0x30, count: 3).withUnsafeBytes { decoder.next($0, at: &offset) }
    }
  }
}
