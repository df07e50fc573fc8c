import Testing

@testable import OAIRWire

@Suite struct JSONPeekTests {
  /// Expects `model` however the body is split.
  private func expect(
    _ body: String,
    model: String?,
    stream: Bool? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (whole, differing) = PeekRun(body.utf8).outcomeOfEverySplit()
    #expect(whole.error == nil, sourceLocation: sourceLocation)
    #expect(whole.isFinished, sourceLocation: sourceLocation)
    #expect(whole.model == model, sourceLocation: sourceLocation)
    #expect(whole.stream == stream, sourceLocation: sourceLocation)
    #expect(differing == nil, sourceLocation: sourceLocation)
  }

  private func expect(
    _ body: some Sequence<UInt8>,
    error: JSONPeekError,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (whole, differing) = PeekRun(body).outcomeOfEverySplit()
    #expect(whole.error == error, sourceLocation: sourceLocation)
    #expect(differing == nil, sourceLocation: sourceLocation)
  }

  // MARK: Finding

  @Test func `the model is found wherever it stands`() {
    expect(#"{"model":"m","messages":[]}"#, model: "m")
    expect(#"{"messages":[{"role":"user","content":"hi"}],"model":"m"}"#, model: "m")
    expect(#"{"n":1,"model":"a/b:c","stream":true}"#, model: "a/b:c", stream: true)
    expect(" \t\r\n{ \"model\" : \"m\" , \"stream\" : false } \n", model: "m", stream: false)
  }

  @Test(arguments: [
    (#"{"model":"m","previous_response_id":"resp_1","input":"x"}"#, "resp_1"),
    (#"{"previous_response_id" : "resp_1" , "model":"m"}"#, "resp_1"),
    (#"{"previous_response_id":"resp_0","previous_response_id":"resp_1"}"#, "resp_1"),
    (#"{"previous_response_id":null,"model":"m"}"#, nil),
    (#"{"previous_response_id":"resp_0","previous_response_id":null}"#, nil),
    (#"{"previous_response_id":"resp_0","previous_response_id":{"a":1}}"#, nil),
    (#"{"previous_response_id":"resp_\u0031"}"#, nil),
    (#"{"x":{"previous_response_id":"resp_1"},"previous_response_ids":"resp_2"}"#, nil),
  ])
  func `the response that a request goes on from is found`(_ body: String, _ id: String?) {
    let bytes = Array(body.utf8)
    for split in 0...bytes.count {
      var peek = JSONPeek()
      bytes[..<split].withUnsafeBytes { peek.scan($0, isComplete: false) }
      bytes.withUnsafeBytes { peek.scan($0, isComplete: true) }
      let found = peek.previousResponseRange.map { String(decoding: bytes[$0], as: UTF8.self) }
      #expect(found == id)
    }
  }

  @Test func `a body without a model has none`() {
    expect("{}", model: nil)
    expect(#"{"stream":true}"#, model: nil, stream: true)
    expect(#"{"mondel":"m","models":"m","mode":"m","m-del":"m"}"#, model: nil)
  }

  @Test func `nested and quoted models are no models`() {
    expect(#"{"x":{"model":"no"},"y":[{"model":"no"}],"model":"m"}"#, model: "m")
    expect(#"{"x":{"model":1,"stream":true}}"#, model: nil)
    expect(#"{"prompt":"\"model\":\"no\",","model":"m"}"#, model: "m")
    expect(#"{"prompt":"\\","model":"m","z":"\\\\\""}"#, model: "m")
    expect(#"{"x":"model","y":["model","stream"],"stream":true}"#, model: nil, stream: true)
    expect(#"{"x":"model","model":"m"}"#, model: "m")
    expect(#"{"model":"model","stream":true}"#, model: "model", stream: true)
  }

  @Test func `keys are found through escapes`() {
    expect(#"{"mod\u0065l":"m"}"#, model: "m")
    expect(#"{"\u006d\u006F\u0064\u0065\u006c":"m"}"#, model: "m")
    expect(#"{"\u0073\u0074\u0072\u0065\u0061\u006d":true}"#, model: nil, stream: true)
    expect(#"{"mod\\u0065l":"no"}"#, model: nil)
    expect(#"{"mod\u0065":"no","\ud800":"no","\q":"no"}"#, model: nil)
  }

  @Test func `the model's escapes are decoded`() {
    expect(#"{"model":"a\/b\"\\\b\f\n\r\t"}"#, model: "a/b\"\\\u{8}\u{C}\n\r\t")
    expect(#"{"model":"\u00e4\u20ac\ud83d\ude00"}"#, model: "ä€😀")
    expect(#"{"model":"ä€😀"}"#, model: "ä€😀")
    expect(#"{"model":""}"#, model: "")
  }

  @Test func `range and escapes of the model are those of its spelling`() {
    let plain = PeekRun(#"{"model":"abc"}"#.utf8).outcome()
    #expect(plain.range == 10..<13)
    #expect(!plain.isEscaped)
    let escaped = PeekRun(#"{"model":"a\u0062c"}"#.utf8).outcome()
    #expect(escaped.range == 10..<18)
    #expect(escaped.isEscaped)
  }

  @Test func `of equal models the last one's place counts`() {
    expect(#"{"model":"m","model":"m"}"#, model: "m")
    let twice = PeekRun(#"{"model":"m","model":"\u006d"}"#.utf8).outcome()
    #expect(twice.error == nil)
    #expect(twice.model == "m")
    #expect(twice.range == 22..<28)
    #expect(twice.isEscaped)
  }

  @Test func `differing models are refused where the second one stands`() {
    expect(#"{"model":"m","model":"n"}"#.utf8, error: .duplicateModel(offset: 21))
    expect(#"{"model":"m","mod\u0065l":"mm"}"#.utf8, error: .duplicateModel(offset: 26))
    expect(#"{"model":"mm","model":"m"}"#.utf8, error: .duplicateModel(offset: 22))
  }

  @Test func `a model in other case is one more`() {
    expect(#"{"model":"m","Model":"n"}"#.utf8, error: .duplicateModel(offset: 21))
    expect(#"{"MODEL":"n","model":"m"}"#.utf8, error: .duplicateModel(offset: 21))
    expect(#"{"model":"m","\u004d\u006fdeL":"n"}"#.utf8, error: .duplicateModel(offset: 31))
    expect(#"{"model":"m","mOdel":7}"#.utf8, error: .modelNotAString(offset: 21))
    expect(#"{"Model":"m","x":{"MODEL":"n"},"model":"m","modeL":"\u006d"}"#, model: "m")
    let mixed = PeekRun(#"{"model":"m","Model":"m"}"#.utf8).outcome()
    #expect(mixed.range == 10..<11)
  }

  @Test func `a model in other case alone is none that all backends see`() {
    expect(#"{"Model":"m"}"#.utf8, error: .misspelledModel(offset: 9))
    expect(#"{"x":1,"\u004dodel" : "m" }"#.utf8, error: .misspelledModel(offset: 22))
    expect(#"{"Model":"m","MODEL":"m","x":[]}"#.utf8, error: .misspelledModel(offset: 21))
  }

  @Test func `whether the model is named again is told`() {
    func isRepeated(_ body: String) -> Bool {
      var peek = JSONPeek()
      Array(body.utf8).withUnsafeBytes { peek.scan($0, isComplete: true) }
      return peek.isModelRepeated
    }
    #expect(!isRepeated(#"{"model":"m","x":{"model":"m"}}"#))
    #expect(isRepeated(#"{"model":"m","model":"m"}"#))
    #expect(isRepeated(#"{"Model":"m","model":"m"}"#))
  }

  @Test func `the last stream counts, and only booleans do`() {
    expect(#"{"stream":true,"stream":false}"#, model: nil, stream: false)
    expect(#"{"stream":true,"stream":null}"#, model: nil, stream: nil)
    expect(#"{"stream":"true"}"#, model: nil, stream: nil)
    expect(#"{"stream":[true]}"#, model: nil, stream: nil)
    expect(#"{"stream":true,"x":false}"#, model: nil, stream: true)
    expect(#"{"stream":{"x":true},"y":true}"#, model: nil, stream: nil)
    expect(#"{"stream":true,"previous_response_id":"r"}"#, model: nil, stream: true)
    expect(#"{"stream":true,"previous_response_id":null}"#, model: nil, stream: true)
  }

  @Test func `a model behind 200 KB of text is found`() {
    let text = String(repeating: #"line \"quoted\" with \\ and \n, "#, count: 6500)
    let body = #"{"messages":[{"content":""# + text + #""}],"model":"late"}"#
    let run = PeekRun(body.utf8)
    let whole = run.outcome()
    #expect(whole.model == "late")
    #expect(whole.error == nil)
    let count = body.utf8.count
    #expect(run.outcome(lengths: stride(from: 0, to: count, by: 4096)) == whole)
    #expect(run.outcome(lengths: stride(from: 0, to: count, by: 1009)) == whole)
    #expect(run.outcome(lengths: (count - 40)..<count) == whole)
  }

  @Test func `the model is there as soon as its value is closed`() {
    let start = Array(#"{"model":"m""#.utf8)
    var peek = JSONPeek()
    start.dropLast().withUnsafeBytes { peek.scan($0, isComplete: false) }
    let before = peek.modelRange
    #expect(before == nil)
    start.withUnsafeBytes { peek.scan($0, isComplete: false) }
    let after = peek.modelRange
    #expect(after == 10..<11)
    let isFinished = peek.isFinished
    #expect(!isFinished)
  }

  @Test func `contents of strings are not inspected`() {
    let body = Array(#"{"a":""#.utf8) + [0x00, 0x0A, 0xFF, 0xC0, 0x5C, 0x71] + Array(#""}"#.utf8)
    let (whole, differing) = PeekRun(body).outcomeOfEverySplit()
    #expect(whole.error == nil)
    #expect(whole.isFinished)
    #expect(differing == nil)
  }

  // MARK: Refusing

  @Test(arguments: [
    (#""#, 0), (#"  "#, 2), (#"{"#, 1), (#"{"a"#, 3), (#"{"a""#, 4), (#"{"a":"#, 5),
    (#"{"a":1"#, 6), (#"{"a":tr"#, 7), (#"{"a":"x"#, 7), (#"{"a":[1"#, 7), (#"{"a":1,"#, 7),
    (#"x"#, 0), (#"}"#, 0), (#"{]"#, 1), (#"{,}"#, 1), (#"{1:2}"#, 1), (#"{"a" 1}"#, 5),
    (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":,}"#, 5), (#"{"a"::1}"#, 5), (#"{"a":1,}"#, 7),
    (#"{"a":1 "b":2}"#, 7), (#"{"a":1,,"b":2}"#, 7), (#"{"a":[}"#, 6), (#"{"a":[1}"#, 7),
    (#"{"a":[1,]}"#, 8), (#"{"a":[,1]}"#, 6), (#"{"a":[1 2]}"#, 8), (#"{"a":{]}"#, 6),
    (#"{"a":[1]]"#, 8), (#"{"a":nul}"#, 8), (#"{"a":nulL}"#, 8), (#"{"a":truee}"#, 9),
    (#"{"a":True}"#, 5), (#"{"a":NaN}"#, 5), (#"{"a":Infinity}"#, 5), (#"{"a":'x'}"#, 5),
    (#"{"a":01}"#, 6), (#"{"a":-}"#, 6), (#"{"a":-01}"#, 7), (#"{"a":+1}"#, 5),
    (#"{"a":1.}"#, 7), (#"{"a":.5}"#, 5), (#"{"a":1.e1}"#, 7), (#"{"a":1e}"#, 7),
    (#"{"a":1e+}"#, 8), (#"{"a":1e1.5}"#, 8), (#"{"a":0x1}"#, 6), (#"{"a":1-2}"#, 6),
    (#"{} x"#, 3), (#"{}{}"#, 2), (#"{},"#, 2), (#"{"a":1}}"#, 7), (#"{"a":1/**/}"#, 6),
    (#"{"model":}"#, 9), (#"{"model":x}"#, 9), (#"{"model":"m"x}"#, 12),
  ]) func `broken structure is refused at its first wrong byte`(body: String, offset: Int) {
    expect(body.utf8, error: .invalidJSON(offset: offset))
  }

  @Test func `a byte order mark is refused`() {
    expect([0xEF, 0xBB, 0xBF] + Array(#"{"model":"m"}"#.utf8), error: .invalidJSON(offset: 0))
  }

  @Test func `NUL and no-break space are no white space`() {
    expect([0x7B, 0x00, 0x7D], error: .invalidJSON(offset: 1))
    expect([0x7B, 0xC2, 0xA0, 0x7D], error: .invalidJSON(offset: 1))
    expect([0x7B, 0x0B, 0x7D], error: .invalidJSON(offset: 1))
  }

  @Test(arguments: ["[]", "\"x\"", "1", "-1", "true", "false", "null"])
  func `a top-level value of another kind is refused`(body: String) {
    expect(body.utf8, error: .notAnObject(offset: 0))
    expect((" \n" + body).utf8, error: .notAnObject(offset: 2))
  }

  @Test(arguments: ["null", "1", "-1", "true", "{}", "[\"m\"]"])
  func `a model that isn't a string is refused`(value: String) {
    expect("{\"model\": \(value)}".utf8, error: .modelNotAString(offset: 10))
    expect("{\"model\":\"m\",\"model\":\(value)}".utf8, error: .modelNotAString(offset: 21))
  }

  @Test(arguments: [
    (#"{"model":"a\qb"}"#, 11), (#"{"model":"\ud800"}"#, 10), (#"{"model":"x\udc00"}"#, 11),
    (#"{"model":"\ud800\u0041"}"#, 10), (#"{"model":"\u12g4"}"#, 10), (#"{"model":"\u123"}"#, 10),
    ("{\"model\":\"a\nb\"}", 11), ("{\"model\":\"a\u{0}b\"}", 11),
  ]) func `a model that can't be decoded is refused where it goes wrong`(
    body: String,
    offset: Int
  ) {
    expect(body.utf8, error: .invalidJSON(offset: offset))
  }

  @Test(
    arguments: [
      [0xFF], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0x80], [0xE2, 0x82],
    ] as [[UInt8]]
  ) func `a model of ill-formed UTF-8 is refused`(bytes: [UInt8]) {
    expect(
      Array(#"{"model":"ab"#.utf8) + bytes + Array(#""}"#.utf8),
      error: .invalidJSON(offset: 12)
    )
  }

  @Test func `a model may have 512 bytes, decoded`() {
    let name = String(repeating: "m", count: 512)
    #expect(PeekRun("{\"model\":\"\(name)\"}".utf8).outcome().model == name)
    expect("{\"model\":\"\(name)m\"}".utf8, error: .modelTooLong(offset: 9))
    let escaped = String(repeating: #"\u006d"#, count: 512)
    #expect(PeekRun("{\"model\":\"\(escaped)\"}".utf8).outcome().model == name)
  }

  @Test func `a model that never ends is refused before its end`() {
    let start = #"{"model":""# + String(repeating: "m", count: JSONPeek.rawModelLimit + 1)
    var peek = JSONPeek()
    var bytes = Array(start.utf8)
    bytes.removeLast()
    bytes.withUnsafeBytes { peek.scan($0, isComplete: false) }
    let within = peek.error
    #expect(within == nil)
    bytes.append(0x6D)
    bytes.withUnsafeBytes { peek.scan($0, isComplete: false) }
    let beyond = peek.error
    #expect(beyond == .modelTooLong(offset: 9))
  }

  @Test func `an error stays and ends the scan`() {
    var peek = JSONPeek()
    for body in ["[", "[]", "[] {\"model\":\"m\"}"] {
      Array(body.utf8).withUnsafeBytes { peek.scan($0, isComplete: false) }
    }
    let error = peek.error
    #expect(error == .notAnObject(offset: 0))
    let range = peek.modelRange
    #expect(range == nil)
  }

  // MARK: Depth

  private func nested(_ depth: Int, inside: String = "", closing: String = "]") -> String {
    let levels = depth - 1
    return "{\"a\":" + String(repeating: "[", count: levels) + inside
      + String(repeating: closing, count: levels) + ",\"model\":\"m\"}"
  }

  @Test(arguments: [2, 63, 64, 65, 66, 128, 129, 4095, 4096, 4097, 4098, 20_000])
  func `nesting is followed to any depth`(depth: Int) {
    let outcome = PeekRun(nested(depth, inside: "[1,{\"model\":\"no\"}]").utf8).outcome()
    #expect(outcome.model == "m")
    #expect(outcome.error == nil)
  }

  @Test(arguments: [2, 64, 65, 4096]) func `kinds of brackets are checked to depth 4096`(
    depth: Int
  ) {
    let body = nested(depth, inside: "1", closing: "}")
    let outcome = PeekRun(body.utf8).outcome()
    #expect(outcome.error == .invalidJSON(offset: 5 + depth - 1 + 1))
  }

  @Test func `below depth 4096 brackets are only counted`() {
    let inside = #"[{"x" "]}" nonsense}, ]"#
    let outcome = PeekRun(nested(4096, inside: inside).utf8).outcome()
    #expect(outcome.error == nil)
    #expect(outcome.model == "m")
    let run = PeekRun(nested(4096, inside: inside + "x").utf8)
    let offset = 5 + 4095 + inside.utf8.count
    #expect(run.outcome().error == .invalidJSON(offset: offset))
    let lengths = offset - inside.utf8.count..<offset + 5
    #expect(run.outcome(lengths: lengths).error == .invalidJSON(offset: offset))
  }

  // MARK: Differential

  @Test func `a corpus is judged as Python's json module judges it`() {
    var count = 0
    for line in JSONCorpus.lines.split(separator: "\n") {
      let isValid = line.first == "+"
      let body = line.dropFirst(2)
      let (whole, differing) = PeekRun(body.utf8).outcomeOfEverySplit()
      #expect((whole.error == nil) == isValid, "\(body)")
      #expect(differing == nil, "\(body)")
      count += 1
    }
    #expect(count == JSONCorpus.count)
  }

  // MARK: Copying

  @Test func `a name is copied only where there is room`() {
    for body in [#"{"model":"abc"}"#, #"{"model":"a\u0062c"}"#] {
      var peek = JSONPeek()
      let bytes = Array(body.utf8)
      bytes.withUnsafeBytes { peek.scan($0, isComplete: true) }
      var small = [UInt8](repeating: 0, count: 2)
      let refused = bytes.withUnsafeBytes { source in
        small.withUnsafeMutableBytes { peek.copyModel(from: source, into: $0) }
      }
      #expect(refused == nil)
      var exact = [UInt8](repeating: 0, count: 3)
      let copied = bytes.withUnsafeBytes { source in
        exact.withUnsafeMutableBytes { peek.copyModel(from: source, into: $0) }
      }
      #expect(copied == 3)
      #expect(exact == Array("abc".utf8))
    }
  }

  @Test func `nothing is copied without a model`() {
    let peek = JSONPeek()
    var memory: [UInt8] = [0]
    let copied = memory.withUnsafeMutableBytes {
      peek.copyModel(from: UnsafeRawBufferPointer(start: nil, count: 0), into: $0)
    }
    #expect(copied == nil)
  }

  @Test func `the state of a scan fits a kibibyte`() {
    #expect(MemoryLayout<JSONPeek>.size + BracketStack.trackedDepth / 8 <= 1024)
  }
}
