import Testing

@testable import OAIRMock

struct TokenStreamTests {
  private func script(tokens: Int) -> EventScript {
    OpenAIDialect().script(.recorded(.chat, id: "chatcmpl-1", tokens: tokens))
  }

  private func stream(
    tokens: Int,
    from first: UInt64 = 0,
    every interval: UInt64 = 0,
    breakAfter: Int? = nil,
    _ how: MockFault.Break = .cut,
    _ unit: MockFault.Unit = .tokens
  ) -> TokenStream {
    TokenStream(
      script(tokens: tokens),
      firstToken: first,
      interval: interval,
      breakPoint: breakAfter.map { TokenStream.BreakPoint(after: $0, how: how, unit: unit) }
    )
  }

  /// Takes steps until none is an event.
  private func events(_ stream: inout TokenStream, at now: UInt64) -> ([String], TokenStream.Step) {
    var events: [String] = []
    var buffer: [UInt8] = []
    while true {
      let step = stream.next(at: now, into: &buffer)
      guard step == .event else { return (events, step) }
      events.append(text(buffer))
    }
  }

  @Test
  func `a stream without pauses is the script in order`() {
    var stream = stream(tokens: 2)
    let (events, step) = events(&stream, at: 0)
    #expect(step == .ended)
    #expect(stream.isEnded)
    #expect(events.count == 5)
    #expect(events[0].contains(#""role":"assistant""#))
    #expect(events[1].contains(#"{"content":"The"}"#))
    #expect(events[2].contains(#"{"content":" quick"}"#))
    #expect(events[3].contains(#""finish_reason":"length""#))
    #expect(events[4] == "data: [DONE]\n\n")
  }

  @Test
  func `tokens may say when they were written`() {
    var stream = TokenStream(
      script(tokens: 2),
      firstToken: 5,
      interval: 0,
      breakPoint: nil,
      stampsTokens: true
    )
    let (events, _) = events(&stream, at: 1_234_567)
    #expect(events.filter { $0.contains(#""content":"@ts0000000000001234567""#) }.count == 2)
    #expect(events.count == 5)
  }

  @Test
  func `tokens come at fixed times, the role before them`() {
    var stream = stream(tokens: 3, from: 100, every: 10)
    var (found, step) = events(&stream, at: 0)
    #expect(found.count == 1)
    #expect(step == .notBefore(100))
    (found, step) = events(&stream, at: 99)
    #expect(found.isEmpty)
    (found, step) = events(&stream, at: 100)
    #expect(found.count == 1)
    #expect(step == .notBefore(110))
    // Late: what was due meanwhile comes at once, the end directly behind the last token.
    (found, step) = events(&stream, at: 500)
    #expect(found.count == 4)
    #expect(step == .ended)
  }

  @Test(arguments: [MockFault.Break.cut, .eof, .stall])
  func `a stream breaks behind so many tokens`(how: MockFault.Break) {
    var stream = stream(tokens: 5, breakAfter: 2, how)
    let (events, step) = events(&stream, at: 0)
    #expect(events.count == 3)
    #expect(step == .broken(how))
    #expect(!stream.isEnded)
  }

  @Test
  func `a break at no token comes behind the role at once`() {
    var stream = stream(tokens: 5, from: 1000, breakAfter: 0)
    let (events, step) = events(&stream, at: 0)
    #expect(events.count == 1)
    #expect(step == .broken(.cut))
  }

  @Test
  func `a break beyond the tokens comes before the end marker`() {
    var stream = stream(tokens: 2, breakAfter: 99)
    let (events, step) = events(&stream, at: 0)
    #expect(events.count == 3)
    #expect(step == .broken(.cut))
  }

  @Test
  func `an error in the stream is followed by a regular end`() {
    var stream = stream(tokens: 5, breakAfter: 1, .error)
    let (events, step) = events(&stream, at: 0)
    #expect(step == .ended)
    #expect(stream.isEnded)
    #expect(events.count == 4)
    #expect(events[2].hasPrefix(#"data: {"error":{"#))
    #expect(events[3] == "data: [DONE]\n\n")
  }

  @Test(arguments: 0...5)
  func `events are counted from the role to the end marker`(count: Int) {
    var stream = stream(tokens: 2, breakAfter: count, .cut, .events)
    let (events, step) = events(&stream, at: 0)
    #expect(events.count == count)
    #expect(step == .broken(.cut))
    #expect(!stream.isEnded)
  }

  @Test
  func `bytes are counted, and the break is inside an event`() {
    var whole = stream(tokens: 3)
    let payload = events(&whole, at: 0).0.joined()
    for count in 0..<payload.utf8.count {
      var stream = stream(tokens: 3, breakAfter: count, .eof, .bytes)
      let (events, step) = events(&stream, at: 0)
      #expect(Array(events.joined().utf8) == Array(payload.utf8.prefix(count)))
      #expect(step == .broken(.eof))
    }
  }

  @Test
  func `an error may come before the role`() {
    var stream = stream(tokens: 3, breakAfter: 0, .error, .events)
    let (events, step) = events(&stream, at: 0)
    #expect(events.count == 2)
    #expect(events.first?.hasPrefix(#"data: {"error":{"#) == true)
    #expect(step == .ended)
  }

  @Test
  func `a stream without words for an error breaks off`() throws {
    let body = Array(#"{"model":"tts","input":"x"}"#.utf8)
    var task = PlainTask(
      route: .speech,
      id: "0",
      created: 0,
      model: "tts",
      promptTokens: 1,
      tokenCount: 4,
      request: try InferenceRequest(body)
    )
    let audio = try #require(OpenAIDialect().script(task))
    let breakPoint = TokenStream.BreakPoint(after: 2, how: .error)
    var stream = TokenStream(audio, firstToken: 0, interval: 0, breakPoint: breakPoint)
    let (events, step) = events(&stream, at: 0)
    #expect(events.count == 2)
    #expect(step == .broken(.eof))
    task.route = .rerank
    #expect(VLLMDialect().script(task) == nil)
  }

  @Test
  func `an engine that dies ends every stream in its words`() {
    var stream = stream(tokens: 3, from: 1000)
    _ = events(&stream, at: 0)
    stream.fail()
    let (events, step) = events(&stream, at: 0)
    #expect(events.last == "data: [DONE]\n\n")
    #expect(events.count == 2)
    #expect(step == .ended)
  }

  @Test
  func `a stream that waits for its turn has no due token`() {
    var stream = stream(tokens: 1, from: .max)
    let waiting = events(&stream, at: 1 << 60).1
    stream.firstToken = 5
    let over = events(&stream, at: 5).1
    #expect(waiting == .notBefore(.max))
    #expect(over == .ended)
  }

  @Test
  func `a stream without tokens has a role and an end`() {
    // Ollama says the role along with each piece of text.
    for personality in MockPersonality.allCases where personality != .ollama {
      let script = personality.dialect.script(.recorded(.chat, id: "x", tokens: 0))
      var stream = TokenStream(script, firstToken: 0, interval: 0, breakPoint: nil)
      let (events, step) = events(&stream, at: 0)
      #expect(step == .ended)
      #expect(events.count == 3, "\(personality)")
      #expect(events.dropFirst().first?.contains(#""finish_reason":"length""#) == true)
    }
  }
}
