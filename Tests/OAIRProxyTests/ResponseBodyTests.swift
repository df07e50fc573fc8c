import OAIRHTTP1
import OAIRWire
import Testing

@testable import OAIRProxy

/// Bodies cut into reads in every way: what passes is always whole events, unchanged.
struct ResponseBodyTests {
  private static let events = [
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\" there\"}}]}\n\n", "data: [DONE]\n\n",
  ]

  private static func chunked(_ pieces: [String], end: String = "0\r\n\r\n") -> [UInt8] {
    let body = pieces.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined()
    return Array((body + end).utf8)
  }

  private static func body(_ framing: MessageFraming, isWatched: Bool) -> ResponseBody {
    ResponseBody(
      framing: framing,
      family: .chat,
      isWatched: isWatched,
      unframes: false,
      limits: HTTP1Limits()
    )
  }

  /// Presents reads as the splice does.
  ///
  /// - Returns: what passed, and the body's outcome.
  private static func run(
    _ reads: [ArraySlice<UInt8>],
    _ body: inout ResponseBody
  ) -> ([UInt8], ResponseBody.Outcome) {
    var held: [UInt8] = []
    var passed: [UInt8] = []
    for read in reads {
      var buffer = held + read
      let kept = buffer.withUnsafeMutableBytes { body.scan($0) }
      let passable = body.passable
      passed += buffer[..<passable]
      body.drop(passable)
      held = Array(buffer[passable..<kept])
    }
    return (passed, body.outcome)
  }

  private static func splits(_ wire: [UInt8]) -> [[ArraySlice<UInt8>]] {
    var ways = [[wire[...]], wire.indices.map { wire[$0...$0] }]
    for cut in 1..<wire.count { ways.append([wire[..<cut], wire[cut...]]) }
    return ways
  }

  @Test(arguments: [MessageFraming.chunked, .untilClose])
  func `comments are taken out of what is held, wherever they stand`(framing: MessageFraming) {
    func wire(_ pieces: [String]) -> [UInt8] {
      framing == .chunked ? Self.chunked(pieces, end: "") : Array(pieces.joined().utf8)
    }
    var body = Self.body(framing, isWatched: true)
    let silent = Self.events[0]
    var held: [UInt8] = []
    var comments: [Range<Int>] = []
    for piece in [silent, ": a\n\n", silent, ": b\n\n"] {
      held += wire([piece])
      let mark = body.mark
      let kept = held.withUnsafeMutableBytes { body.scan($0) }
      #expect(kept == held.count)
      let range = body.comments(since: mark)
      #expect((range != nil) == piece.hasPrefix(":"))
      if let range { comments.append(range) }
    }
    #expect(comments.map { Array(held[$0]) } == [wire([": a\n\n"]), wire([": b\n\n"])])
    for range in comments.reversed() {
      body.takeComments(range)
      held.removeSubrange(range)
    }
    #expect(held == wire([silent, silent]) && body.passable == held.count)
    held += wire(Array(Self.events[1...]))
    let kept = held.withUnsafeMutableBytes { body.scan($0) }
    #expect(kept == held.count && body.passable == kept)
    #expect(body.hasContent && body.hasEndMarker && body.openChunk == .none)
  }

  @Test func `a chunked stream passes unchanged up to its last chunk, however it is read`() {
    for pieces in [Self.events, [Self.events.joined()], Self.events.joined().map(String.init)] {
      let wire = Self.chunked(pieces, end: "0\r\nX-Trailer: 1\r\n\r\n")
      let expected = Self.chunked(pieces, end: "")
      for reads in Self.splits(wire) {
        var body = Self.body(.chunked, isWatched: true)
        let (passed, outcome) = Self.run(reads, &body)
        #expect(passed == expected)
        #expect(outcome == .ended(excess: 0))
        let isMarked = body.hasEndMarker
        #expect(isMarked)
      }
    }
  }

  @Test func `a body with a length ends with its last byte, and what follows is counted`() {
    let payload = Array("{\"a\":1}".utf8)
    for reads in Self.splits(payload) {
      var body = Self.body(.length(payload.count), isWatched: false)
      let (passed, outcome) = Self.run(reads, &body)
      #expect(passed == payload)
      #expect(outcome == .ended(excess: 0))
    }
    var body = Self.body(.length(3), isWatched: false)
    let (_, outcome) = Self.run([Array("abcXY".utf8)[...]], &body)
    #expect(outcome == .ended(excess: 2))
  }

  @Test func `broken chunk framing is found`() {
    var body = Self.body(.chunked, isWatched: true)
    let (_, outcome) = Self.run([Array("5\r\nhelloXX".utf8)[...]], &body)
    #expect(outcome == .malformed)
  }

  /// The error frame is payload wherever the framing stands, and the body never looks ended.
  @Test func `a cut at any byte leaves whole events, the frame, and no end`() {
    let frame = Array("data: {\"error\":{}}\n\n".utf8)
    let stream = Array(Self.events.joined().utf8)
    for pieces in [
      Self.events, [Self.events.joined()], ["d", String(Self.events.joined().dropFirst())],
    ] {
      let wire = Self.chunked(pieces, end: "")
      for cut in 1..<wire.count {
        var body = Self.body(.chunked, isWatched: true)
        let (passed, _) = Self.run([wire[..<cut]], &body)
        let sent = passed + AbortFrame.chunks(frame, behind: body.openChunk)
        let (payload, isEnded) = Self.decode(sent)
        #expect(!isEnded)
        #expect(payload.suffix(frame.count) == frame[...])
        let kept = payload.dropLast(frame.count)
        #expect(stream.starts(with: kept))
        #expect(kept.isEmpty || kept.suffix(2) == [10, 10])
      }
    }
  }

  private static func decode(_ bytes: [UInt8]) -> ([UInt8], Bool) {
    var decoder = ChunkedDecoder(limits: HTTP1Limits())
    var payload: [UInt8] = []
    var offset = 0
    return bytes.withUnsafeBytes { bytes in
      while true {
        switch decoder.next(bytes, at: &offset) {
        case .payload(let range): payload += bytes[range]
        case .lastChunk: continue
        case .end: return (payload, true)
        case .needMore: return (payload, false)
        case .failed(let error):
          Issue.record("\(error.reason) at \(error.offset)")
          return (payload, false)
        }
      }
    }
  }

  @Test func `a stream that its connection ends is whole only behind its marker`() {
    let whole = Array(Self.events.joined().utf8)
    var body = Self.body(.untilClose, isWatched: true)
    _ = Self.run([whole[...]], &body)
    let isWhole = body.upstreamClosed()
    #expect(isWhole)
    var cut = Self.body(.untilClose, isWatched: true)
    _ = Self.run([whole.dropLast(20)], &cut)
    let isCutWhole = cut.upstreamClosed()
    #expect(!isCutWhole)
  }
}
