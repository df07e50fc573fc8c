/// What a client sends, byte for byte, as the seed says.
struct RequestScript {
  let record: ExchangeRecord

  init(number: Int, profile: Profile, random: inout SimulationRandom) {
    if random.chance(profile.ownAnswers) {
      record = Self.local(number, &random)
      return
    }
    let wantsStream = random.chance(600)
    let isHTTP10 = random.chance(120)
    let expectsContinue = !isHTTP10 && random.chance(60)
    let model = random.below(profile.models)
    let length = random.pick(profile.requests)
    let body = Self.body(number, wantsStream, model, length, &random)
    var head = "POST /v1/chat/completions HTTP/1.\(isHTTP10 ? 0 : 1)\r\n"
    head += "Host: router\r\nX-Request-ID: sim-\(number)\r\n"
    let session = profile.sessions > 0 ? number % profile.sessions : nil
    if let session { head += "x-session-ID: s\(session)\r\n" }
    if isHTTP10, random.chance(300) { head += "Connection: keep-alive\r\n" }
    if expectsContinue { head += "Expect: 100-continue\r\n" }
    if !isHTTP10, random.chance(300) {
      head += "Connection: keep-alive, X-Private\r\nX-Private: 1\r\n"
    }
    if random.chance(100) { head += "TE: trailers\r\n" }
    let isChunked = !isHTTP10 && random.chance(250)
    head += isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(body.count)\r\n"
    var wire = Array((head + "\r\n").utf8)
    if isChunked {
      var rest = body[...]
      while !rest.isEmpty {
        let piece = rest.prefix(random.within(1...3000))
        ChunkFraming.append(piece, to: &wire)
        rest = rest.dropFirst(piece.count)
      }
      ChunkFraming.end(&wire)
    } else {
      wire += body
    }
    record = ExchangeRecord(
      number: number,
      isLocal: false,
      wantsStream: wantsStream,
      model: model,
      session: session,
      isHTTP10: isHTTP10,
      expectsContinue: expectsContinue,
      body: body,
      wire: wire
    )
  }

  private static func body(
    _ number: Int,
    _ wantsStream: Bool,
    _ model: Int,
    _ length: Int,
    _ random: inout SimulationRandom
  ) -> [UInt8] {
    let word = Array("say \\\"\(number)\\\" ".utf8)
    let filler = repeatElement(word, count: random.within(1...length) / 8 + 1).joined()
    let model = Array("\"model\":\"m\(model)\"".utf8)
    let start = "\"messages\":[{\"role\":\"user\",\"model\":\"no\",\"content\":\""
    let messages = Array(start.utf8) + filler + Array("\"}]".utf8)
    let stream = Array("\"stream\":\(wantsStream)".utf8)
    let members =
      random.chance(500) ? [model, stream, messages] : [messages, stream, model]
    return Array("{".utf8) + members.joined(separator: Array(",".utf8)) + Array("}".utf8)
  }

  private static func local(_ number: Int, _ random: inout SimulationRandom) -> ExchangeRecord {
    let head = " HTTP/1.1\r\nHost: router\r\nX-Request-ID: sim-\(number)\r\n\r\n"
    let unknown = "{\"model\":\"nobody\"}"
    let isHead = random.chance(300)
    let method = isHead ? "HEAD" : "GET"
    let posts = [
      "POST /v1/chat/completions HTTP/1.1\r\nHost: router\r\nX-Request-ID: sim-\(number)\r\n"
        + "Content-Length: \(unknown.utf8.count)\r\n\r\n" + unknown,
      "POST /v1/chat/completions HTTP/1.1\r\nHost: router\r\nContent-Length: 5\r\n\r\n{\"a\":",
    ]
    let paths = [
      "/health", "/v1/models", "/nothing/here", "/v1/models/m0", "/v1/chat/completions",
    ]
    let wire =
      !isHead && random.chance(300)
      ? random.pick(posts) : "\(method) \(random.pick(paths))\(head)"
    return ExchangeRecord(
      number: number,
      isLocal: true,
      wantsStream: false,
      isHead: isHead,
      body: [],
      wire: Array(wire.utf8)
    )
  }
}
