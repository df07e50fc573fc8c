/// Changes some bytes of a message, as who attacks, and what is broken, would.
enum Garbler {
  /// What is put in: what ends lines, heads and bodies, and what frames them otherwise.
  private static let snippets: [String] = [
    "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", ";", "-", "+", "0x", "\u{b}", "\r\n\r\n",
    "\r\n x", "0\r\n\r\n", "1\r\nx\r\n", ";a=b", "ffffffffffffffff", "00000000000000001",
    "Content-Length: 0\r\n", "Content-Length: 5\r\n", "content-length: 99999\r\n",
    "Content-Length: +7\r\n", "Transfer-Encoding: chunked\r\n", "transfer-encoding : chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n",
    "Connection: content-length, host, via\r\n", "Connection: x-request-id\r\n", "Host: other\r\n",
    "Expect: 100-continue\r\n", "Connection: upgrade\r\nUpgrade: websocket\r\n",
    "Trailer: X\r\nTE: trailers\r\n", "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\n{\"model\":\"m0\"}",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
    "data: [DONE]\n\n", "data: {\"error\":{}}\n\n", "\"model\":\"m1\",", "\\\"", "}", "{\"a\":",
  ]

  /// Makes one to four changes, most of them near the message's start, where its head is.
  static func garble(_ wire: inout [UInt8], from start: Int, _ random: inout SimulationRandom) {
    for _ in 0..<random.within(1...4) {
      let span = wire.count - start
      guard span > 1 else { return }
      let place = start + random.below(random.chance(700) ? min(span, 256) : span)
      let length = min(random.within(1...40), wire.count - place)
      switch random.below(6) {
      case 0: wire[place] = UInt8(random.below(256))
      case 1, 2:
        wire.insert(contentsOf: Array(random.pick(snippets).utf8), at: lineStart(place, wire))
      case 3: wire.insert(contentsOf: Array(random.pick(snippets).utf8), at: place)
      case 4: wire.removeSubrange(place..<(place + length))
      default: wire.insert(contentsOf: wire[place..<(place + length)], at: place)
      }
    }
  }

  /// Where the line begins that a place is in; the place itself in long lines.
  private static func lineStart(_ place: Int, _ wire: [UInt8]) -> Int {
    var start = place
    while start > 0, place - start < 200, wire[start - 1] != 10 { start -= 1 }
    return start
  }
}
