/// What a backend answers, byte for byte, with which pauses, and what goes wrong.
struct AnswerScript {
  enum Framing { case length, chunked, close, none }

  /// What happens when the script is at its end, or at its fault.
  enum Ending: Equatable {
    /// The connection stays open for the next request.
    case keep
    /// It stays open, and is closed after so many microseconds of idling.
    case idleClose(Int)
    /// FIN.
    case close
    /// RST.
    case reset
    /// Nothing more comes; the connection stays open.
    case silence
  }

  var status = 200
  var framing = Framing.length
  /// The body without its framing.
  var payload: [UInt8] = []
  /// Where its events end, ascending; empty when it has no events.
  var boundaries: [Int] = []
  /// A stream whose events the router knows.
  var isWatched = false
  /// Where the event that ends the stream ends.
  var markerEnd: Int?
  /// Head and framed body.
  var wire: [UInt8] = []
  /// Behind the last byte that belongs to the answer; what follows belongs to nobody.
  var wireEnd = 0
  /// Up to where is sent after which pause, in microseconds.
  var pieces: [(upTo: Int, pause: Int)] = []
  var ending = Ending.keep
  /// It ends here instead of at `wireEnd`.
  var cutsAt: Int?
  /// The first byte goes out before the request has come whole.
  var isEarly = false
  /// Something goes wrong on purpose: the answer need not arrive.
  var isFaulty = false
  /// The greatest length of an event.
  var greatestEvent: Int {
    var last = 0
    var greatest = 0
    for boundary in boundaries {
      greatest = max(greatest, boundary - last)
      last = boundary
    }
    return max(greatest, payload.count - last)
  }
}

/// Frames a body as chunks.
enum ChunkFraming {
  static func append(_ bytes: ArraySlice<UInt8>, to wire: inout [UInt8], decoration: String = "") {
    guard !bytes.isEmpty else { return }
    wire += Array("\(String(bytes.count, radix: 16))\(decoration)\r\n".utf8)
    wire += bytes
    wire += [13, 10]
  }

  static func end(_ wire: inout [UInt8], trailer: String = "") {
    wire += Array("0\r\n\(trailer)\r\n".utf8)
  }
}
