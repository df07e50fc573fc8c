import Testing

@testable import OAIRWire

@Suite struct EventObserverTests {
  /// The outcome, which must not depend on how the payload is cut.
  private func observe(
    _ family: WireFamily,
    _ payload: String,
    commitAt: Int? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> ObserverOutcome {
    let run = ObserverRun(family, payload.utf8, commitAt: commitAt)
    let (whole, differing) = run.outcomeOfEverySplit()
    #expect(differing == nil, sourceLocation: sourceLocation)
    return whole
  }

  // MARK: Recorded streams

  @Test func `llama_cpp's chat stream is silent until its first text`() {
    let role = RecordedStreams.llamaChatRole
    #expect(!observe(.chat, role).hasContent)
    let text = observe(.chat, role + RecordedStreams.llamaChatText)
    #expect(text.hasContent)
    #expect(text.eventCount == 2)
    #expect(text.contentEventCount == 1)
    let end = observe(.chat, role + RecordedStreams.llamaChatText + RecordedStreams.llamaChatEnd)
    #expect(end.hasEndMarker)
    #expect(!end.hasError)
    #expect(end.isAtBoundary)
    #expect(end.eventCount == 5)
    #expect(end.inputTokens == 26)
    #expect(end.outputTokens == 4)
  }

  @Test func `vLLM's chat stream is silent until its first text`() {
    let role = observe(.chat, RecordedStreams.vllmChatRole)
    #expect(!role.hasContent)
    #expect(role.eventCount == 1)
    #expect(role.inputTokens == 5)
    #expect(role.outputTokens == 0)
    let text = observe(.chat, RecordedStreams.vllmChatRole + RecordedStreams.vllmChatText)
    #expect(text.hasContent)
    #expect(text.outputTokens == 1)
  }

  @Test func `a last chunk with a finish reason alone is content`() {
    let chunk =
      #"data: {"choices":[{"index":0,"delta":{"content":""},"logprobs":null,"#
      + #""finish_reason":"length","stop_reason":null,"token_ids":null}]}"# + "\n\n"
    #expect(observe(.chat, chunk).hasContent)
  }

  @Test func `vLLM's error at its engine's death is seen, and what it came before`() {
    let early = observe(.chat, RecordedStreams.vllmChatRole + RecordedStreams.vllmDeath)
    #expect(early.hasError)
    #expect(early.hasErrorBeforeContent)
    #expect(!early.hasContent)
    #expect(early.hasEndMarker)
    let late = observe(
      .chat,
      RecordedStreams.vllmChatRole + RecordedStreams.vllmChatText + RecordedStreams.vllmDeath
    )
    #expect(late.hasError)
    #expect(!late.hasErrorBeforeContent)
    #expect(late.hasContent)
  }

  @Test func `completions are silent while their text is empty`() {
    let first = observe(.completions, RecordedStreams.vllmCompletionEmpty)
    #expect(!first.hasContent)
    #expect(first.eventCount == 1)
    let second = observe(
      .completions,
      RecordedStreams.vllmCompletionEmpty + RecordedStreams.llamaCompletionText
    )
    #expect(second.hasContent)
  }

  @Test func `messages are silent until the first block's content`() {
    let start = observe(.messages, RecordedStreams.messagesStart)
    #expect(!start.hasContent)
    #expect(start.eventCount == 2)
    #expect(start.inputTokens == 5)
    let whole = observe(
      .messages,
      RecordedStreams.messagesStart + RecordedStreams.messagesDelta + RecordedStreams.messagesEnd
    )
    #expect(whole.hasContent)
    #expect(whole.hasEndMarker)
    #expect(whole.eventCount == 6)
    #expect(whole.contentEventCount == 3)
    #expect(whole.outputTokens == 4)
  }

  @Test func `responses are silent until the first output item`() {
    let start = observe(.responses, RecordedStreams.responsesStart)
    #expect(!start.hasContent)
    #expect(start.eventCount == 2)
    let whole = observe(
      .responses,
      RecordedStreams.responsesStart + RecordedStreams.responsesEnd
    )
    #expect(whole.hasContent)
    #expect(whole.hasEndMarker)
    #expect(whole.eventCount == 4)
    #expect(whole.inputTokens == 4)
    #expect(whole.outputTokens == 4)
  }

  @Test func `Ollama's lines are silent while their message is empty`() {
    let first = observe(
      .ollama,
      #"{"model":"m","created_at":"t","message":{"role":"assistant","content":""},"done":false}"#
        + "\n"
    )
    #expect(!first.hasContent)
    #expect(first.eventCount == 1)
    let text = observe(.ollama, RecordedStreams.ollamaText)
    #expect(text.hasContent)
    #expect(!text.hasEndMarker)
    let end = observe(.ollama, RecordedStreams.ollamaText + RecordedStreams.ollamaEnd)
    #expect(end.hasEndMarker)
    #expect(end.isAtBoundary)
    #expect(end.eventCount == 2)
    #expect(end.inputTokens == 26)
    #expect(end.outputTokens == 298)
  }

  @Test func `Ollama's error line is an error`() {
    let early = observe(.ollama, #"{"error":"model runner has unexpectedly stopped"}"# + "\n")
    #expect(early.hasErrorBeforeContent)
    #expect(!early.hasContent)
    let payload = RecordedStreams.ollamaText + #"{"error":"x"}"# + "\n"
    let late = observe(.ollama, payload, commitAt: RecordedStreams.ollamaText.utf8.count)
    #expect(late.hasError)
    #expect(!late.hasErrorBeforeContent)
  }

  // MARK: After commit

  @Test func `after commit, end marker, errors and usage are still seen`() {
    let role = RecordedStreams.vllmChatRole
    let rest = RecordedStreams.vllmChatText + RecordedStreams.llamaChatEnd
    let end = observe(.chat, role + rest, commitAt: role.utf8.count)
    #expect(end.hasEndMarker)
    #expect(!end.hasError)
    #expect(end.contentEventCount == 3)
    #expect(end.eventCount == 5)
    #expect(end.outputTokens == 4)
    let death = observe(.chat, role + RecordedStreams.vllmDeath, commitAt: role.utf8.count)
    #expect(death.hasError)
    #expect(death.hasEndMarker)
  }

  @Test func `after commit, typed streams end by name or by type`() {
    let start = RecordedStreams.messagesStart
    let named = observe(
      .messages,
      start + RecordedStreams.messagesEnd,
      commitAt: start.utf8.count
    )
    #expect(named.hasEndMarker)
    #expect(named.outputTokens == 4)
    let unnamed = observe(.messages, "data: {\"type\":\"message_stop\"}\n\n", commitAt: 0)
    #expect(unnamed.hasEndMarker)
    let response = observe(
      .responses,
      "event: response.failed\ndata: {\"response\":{}}\n\n",
      commitAt: 0
    )
    #expect(response.hasEndMarker)
    let typed = observe(.responses, "data: {\"type\":\"response.incomplete\"}\n\n", commitAt: 0)
    #expect(typed.hasEndMarker)
    let error = observe(.messages, "data: { \"type\" : \"error\" , \"x\":1}\n\n", commitAt: 0)
    #expect(error.hasError)
  }

  @Test(arguments: [
    #"{"choices":[{"delta":{"content":"data: [DONE]"}}]}"#,
    #"{"choices":[{"delta":{"content":"{\"error\":1}"}}]}"#,
    #"{"error":null,"choices":[{"delta":{"content":"x"}}]}"#,
    #"{"errors":[],"choices":[{"delta":{"content":"x"}}]}"#,
  ]) func `text that looks like a marker or an error is none`(data: String) {
    for commitAt in [nil, 0] {
      let outcome = observe(.chat, "data: \(data)\n\n", commitAt: commitAt)
      #expect(!outcome.hasError)
      #expect(!outcome.hasEndMarker)
      #expect(outcome.hasContent)
    }
  }

  @Test func `nested done keys don't end an Ollama stream`() {
    let line =
      #"{"message":{"role":"assistant","tool_calls":[{"function":{"arguments":{"done":true}}}]},"#
      + #""done":false}"# + "\n"
    for commitAt in [nil, 0] {
      let outcome = observe(.ollama, line, commitAt: commitAt)
      #expect(!outcome.hasEndMarker)
      #expect(outcome.hasContent)
    }
  }

  @Test func `after commit a split line is judged by the beginning that is kept`() {
    let long = String(repeating: "x", count: 3 * EventObserver.committedLineLimit)
    let event =
      "data: {\"error\":{\"message\":\"\(long)\"}}\n\n"
      + "data: {\"choices\":[{\"text\":\"\(long)\"}],"
      + "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}\n\n"
    let run = ObserverRun(.completions, event.utf8, commitAt: 0)
    let whole = run.outcome()
    #expect(whole.hasError)
    #expect(whole.outputTokens == 9)
    for cuts in [[100], [2000], [5000], [100, 2000, 5000]] {
      #expect(run.outcome(cuts: cuts) == whole)
    }
  }

  @Test func `commit in the middle of a line keeps what was begun`() {
    let role = RecordedStreams.vllmChatRole
    let payload = role + "data: [DONE]\n\n"
    for offset in 1..<payload.utf8.count {
      let outcome = ObserverRun(.chat, payload.utf8, commitAt: offset).outcome(cuts: [offset / 2])
      #expect(outcome.hasEndMarker)
      #expect(outcome.eventCount == 2)
    }
  }

  // MARK: Framing

  @Test(arguments: ["\n", "\r\n", "\r"])
  func `lines end with LF, CRLF or CR`(lineEnd: String) {
    let events = ["data: {\"choices\":[]}", "", ": comment", "", "event: error", "data: 1", ""]
    let payload = events.joined(separator: lineEnd) + lineEnd
    for commitAt in [nil, 0] {
      let outcome = observe(.chat, payload, commitAt: commitAt)
      #expect(outcome.eventCount == 2)
      #expect(outcome.commentCount == 1)
      #expect(outcome.hasError)
      #expect(outcome.isAtBoundary)
      #expect(outcome.boundary == payload.utf8.count)
    }
  }

  @Test func `an LF behind a boundary's CR belongs to that boundary`() {
    var observer = EventObserver(family: .chat)
    let first = Array("data: 1\r\n\r".utf8).withUnsafeBytes { observer.observe($0) }
    #expect(first == 10)
    let isAtBoundary = observer.isAtBoundary
    #expect(isAtBoundary)
    let second = Array("\n".utf8).withUnsafeBytes { observer.observe($0) }
    #expect(second == 1)
    let count = observer.eventCount
    #expect(count == 1)
  }

  @Test func `the boundary lies behind the last complete event`() {
    let payload = "data: 1\n\ndata: 2\n\ndata: 3\n"
    let outcome = observe(.chat, payload)
    #expect(outcome.boundary == 18)
    #expect(!outcome.isAtBoundary)
    #expect(outcome.eventCount == 2)
  }

  @Test func `a piece in which nothing ends has no boundary`() {
    var observer = EventObserver(family: .chat)
    let boundary = Array("data: 1\n".utf8).withUnsafeBytes { observer.observe($0) }
    #expect(boundary == nil)
    let nothing = observer.observe(UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(nothing == nil)
  }

  @Test func `a comment is a boundary of its own, unless an event is open`() {
    let alone = observe(.chat, ": keep-alive\n")
    #expect(alone.isAtBoundary)
    #expect(alone.boundary == 13)
    #expect(alone.commentCount == 1)
    #expect(alone.eventCount == 0)
    #expect(!alone.hasContent)
    let inside = observe(.chat, "data: 1\n: x\n")
    #expect(!inside.isAtBoundary)
    #expect(inside.boundary == 0)
  }

  @Test func `the marker counts only when its event is complete`() {
    #expect(!observe(.chat, "data: [DONE]\n").hasEndMarker)
    #expect(observe(.chat, "data: [DONE]\n\n").hasEndMarker)
    #expect(observe(.chat, "data:[DONE]\n\n").hasEndMarker)
    #expect(!observe(.chat, "data:  [DONE]\n\n").hasEndMarker)
    #expect(!observe(.messages, "data: [DONE]\n\n").hasEndMarker)
  }

  @Test func `fields that mean nothing here are passed over`() {
    let outcome = observe(.chat, "id: 1\nretry: 10\nfoo\ndata: {\"choices\":[]}\n\nid: 2\n\n")
    #expect(outcome.eventCount == 1)
    #expect(!outcome.hasContent)
    #expect(outcome.isAtBoundary)
  }

  @Test func `an event without data is none`() {
    let outcome = observe(.messages, "event: content_block_delta\n\n")
    #expect(outcome.eventCount == 0)
    #expect(!outcome.hasContent)
  }

  @Test func `a byte order mark before the first line is passed over`() {
    let outcome = observe(.chat, "\u{FEFF}data: [DONE]\n\n")
    #expect(outcome.hasEndMarker)
    #expect(!observe(.chat, "data: {\"choices\":[]}\n\n\u{FEFF}data: [DONE]\n\n").hasEndMarker)
  }

  @Test(arguments: ["data: not json\n\n", "data: {\"choices\":[\n\n", "data:\n\n", "data\n\n"])
  func `data that can't be understood is content`(payload: String) {
    let outcome = observe(.chat, payload)
    #expect(outcome.hasContent)
    #expect(outcome.eventCount == 1)
  }

  @Test func `data over several lines is content`() {
    #expect(observe(.chat, "data: {\"choices\":\ndata: []}\n\n").hasContent)
    #expect(observe(.chat, "data: {\"choices\":[]}\ndata: {\"choices\":[]}\n\n").hasContent)
  }

  @Test func `the old llama_cpp error field is an error`() {
    let outcome = observe(.chat, "error: {\"code\":500,\"message\":\"x\"}\n\n")
    #expect(outcome.hasErrorBeforeContent)
    #expect(outcome.eventCount == 0)
  }

  @Test func `a named error is an error in every family of server-sent events`() {
    for family in [WireFamily.chat, .completions, .responses, .messages] {
      #expect(observe(family, "event: error\ndata: {\"message\":\"x\"}\n\n").hasError)
      #expect(observe(family, "data: {\"message\":\"x\"}\nevent: error\n\n").hasError)
    }
  }

  @Test func `an event is an error once, and only for itself`() {
    let outcome = observe(
      .messages,
      "event: error\ndata: {}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n"
    )
    #expect(outcome.hasError)
    #expect(outcome.contentEventCount == 0)
    #expect(!outcome.hasContent)
  }

  @Test func `a line longer than 64 KiB is content, before it ends`() {
    let long = String(repeating: "x", count: EventObserver.lineLimit)
    let payload = "data: {\"choices\":[],\"x\":\"\(long)\"}\n\n"
    let run = ObserverRun(.chat, payload.utf8)
    let whole = run.outcome()
    #expect(whole.hasContent)
    #expect(whole.contentEventCount == 1)
    #expect(run.outcome(cuts: [40_000, 65_000]) == whole)
    let unfinished = ObserverRun(.chat, payload.utf8.dropLast(2)).outcome(cuts: [1000])
    #expect(unfinished.hasContent)
    #expect(unfinished.eventCount == 0)
    let comment = ObserverRun(.chat, (":" + long + "x\n").utf8)
    #expect(!comment.outcome().hasContent)
    #expect(comment.outcome(cuts: [1000, 65_536]) == comment.outcome())
  }

  @Test func `NDJSON lines end with LF alone, and blank ones are none`() {
    let outcome = observe(.ollama, "\n \r\n{\"done\":\r\ttrue}\r\n{\"x\":1")
    #expect(outcome.eventCount == 1)
    #expect(outcome.hasEndMarker)
    #expect(outcome.boundary == 21)
    #expect(!outcome.isAtBoundary)
  }

  @Test func `in an opaque stream every byte is content and a boundary`() {
    let outcome = observe(.opaque, "data: [DONE]")
    #expect(outcome.hasContent)
    #expect(!outcome.hasEndMarker)
    #expect(outcome.isAtBoundary)
    #expect(outcome.boundary == 12)
  }

  @Test func `many events in one piece are all counted`() {
    let payload = String(repeating: RecordedStreams.llamaChatText, count: 100)
    for commitAt in [nil, 0] {
      let outcome = ObserverRun(.chat, payload.utf8, commitAt: commitAt).outcome()
      #expect(outcome.contentEventCount == 100)
      #expect(outcome.boundary == payload.utf8.count)
    }
  }
}
