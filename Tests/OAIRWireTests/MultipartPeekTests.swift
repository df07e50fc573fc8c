import Testing

@testable import OAIRWire

struct MultipartPeekTests {
  private struct Outcome: Equatable {
    var model: String?
    var stream: Bool?
    var isFinished: Bool
    var error: MultipartPeekError?
  }

  /// What a scan finds when the body comes in pieces that end at `cuts`.
  private func scan(_ body: [UInt8], boundary: String, cuts: [Int] = []) -> Outcome {
    var peek = MultipartPeek(boundary: Array(boundary.utf8))
    for cut in cuts {
      // A copy of that length: it lies elsewhere, and ends where it ends.
      Array(body[..<cut]).withUnsafeBytes { peek.scan($0, isComplete: false) }
    }
    return body.withUnsafeBytes { bytes in
      peek.scan(bytes, isComplete: true)
      return Outcome(
        model: peek.modelRange.map { String(decoding: bytes[$0], as: UTF8.self) },
        stream: peek.stream,
        isFinished: peek.isFinished,
        error: peek.error
      )
    }
  }

  private func expect(
    _ body: String,
    boundary: String = "b",
    model: String? = nil,
    stream: Bool? = nil,
    isFinished: Bool = true,
    error: MultipartPeekError? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let bytes = Array(body.utf8)
    let wanted = Outcome(model: model, stream: stream, isFinished: isFinished, error: error)
    let whole = scan(bytes, boundary: boundary)
    #expect(whole == wanted, sourceLocation: sourceLocation)
    for cut in 0...bytes.count {
      let found = scan(bytes, boundary: boundary, cuts: [cut])
      #expect(found == whole, "cut at \(cut)", sourceLocation: sourceLocation)
    }
    let bytewise = scan(bytes, boundary: boundary, cuts: Array(0...bytes.count))
    #expect(bytewise == whole, "byte by byte", sourceLocation: sourceLocation)
  }

  private func part(_ name: String, _ content: String, boundary: String = "b") -> String {
    "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(content)\r\n"
  }

  @Test func `the model is found wherever it stands`() {
    expect(part("model", "whisper-1") + "--b--\r\n", model: "whisper-1")
    expect(part("language", "de") + part("model", "m") + "--b--", model: "m")
    expect(part("model", "m") + part("stream", "true") + "--b--\r\n", model: "m", stream: true)
    expect("\r\n" + part("model", "m") + "--b--\r\nan epilogue", model: "m")
    expect(part("model", "") + "--b--\r\n", model: "")
  }

  @Test func `a file part with the look of a boundary is skipped`() {
    let file =
      "--b\r\ncontent-disposition:form-data;filename=\"model\" ; NAME=file\r\n"
      + "Content-Type: audio/wav\r\n\r\n\r\n-\r\n--\r\nb--b \r\r\n--c\r\n"
    expect(file + part("model", "m") + "--b--\r\n", model: "m")
  }

  @Test func `names are read with and without quotes, in any case`() {
    let heads = [
      "Content-Disposition: form-data; name=model", "CONTENT-DISPOSITION: form-data; Name=model ",
      "Content-Type: a/b\r\nContent-Disposition:Form-Data ;x=\"a\";name=model",
      "Content-Disposition: form-data; name=\"model\"; x=\"a\\\"b\"",
      "Content-Transfer-Encoding: 8bit\r\nContent-Disposition: form-data; name=model",
    ]
    for head in heads { expect("--b\r\n\(head)\r\n\r\nm\r\n--b--\r\n", model: "m") }
  }

  @Test func `a form begins with its boundary`() {
    expect("a preamble\r\n" + part("model", "m"), isFinished: false, error: .broken(offset: 0))
    let json = #"{"model":"n"}"#
    expect(json + "\r\n" + part("model", "m"), isFinished: false, error: .broken(offset: 0))
    expect("\r\n\r\n" + part("model", "m"), isFinished: false, error: .broken(offset: 2))
    expect("--c\r\n\r\n", isFinished: false, error: .broken(offset: 2))
  }

  @Test(arguments: [
    "Content-Disposition: form-data; name=\"model\"; name=\"x\"",
    "Content-Disposition: form-data; name=\"x\"; name=\"model\"",
    "Content-Disposition: form-data; name*=utf-8''model",
    "Content-Disposition: form-data; name*0=mod; name*1=el",
    "Content-Disposition: form-data; name=\"x\"; name*=utf-8''model",
    "Content-Disposition: form-data; name =model",
    "Content-Disposition: form-data; name= model",
    "Content-Disposition: form-data; name=\"mo\\del\"",
    "Content-Disposition: form-data; name=\"model\"x",
    "Content-Disposition: form-data; name=\"model",
    "Content-Disposition: form-data; name=<model>",
    "Content-Disposition: form-data; name=model x",
    "Content-Disposition: form-data; x=\"; name=model; \"",
    "Content-Disposition: form-data; x=\"a\\\"; name=model",
    "Content-Disposition: form-data; name=\"x\"; filename=\"a; name=model\"",
    "Content-Disposition: form-data; name=\"model\"; filename=\"x\"",
    "Content-Disposition: attachment; name=\"model\"",
    "Content-Disposition: form-data;\r\n name=\"model\"",
    "Content-Disposition: form-data; x=y\nContent-Disposition: form-data; name=model",
    "Content-Disposition : form-data; name=model",
    "Content-Disposition: form-data; name=x\r\nContent-Disposition: form-data; name=model",
    "Content-Disposition: form-data; name=model\r\nContent-Transfer-Encoding: base64",
    "no colon", ": x", "a\u{0}b: x", "x: a\rb",
  ])
  func `a part whose head parsers read differently is refused`(_ head: String) {
    let body = "--b\r\n\(head)\r\n\r\nm\r\n--b--\r\n"
    expect(body, isFinished: false, error: .ambiguousPart(offset: 5))
  }

  @Test func `a model in other case is one more, and alone none`() {
    let first = part("model", "m")
    let offset = first.utf8.count + part("Model", "").utf8.count - 2
    expect(
      first + part("Model", "n") + "--b--\r\n",
      model: "m",
      isFinished: false,
      error: .duplicateModel(offset: offset)
    )
    expect(part("MODEL", "m") + part("model", "m") + "--b--\r\n", model: "m")
    let start = part("Model", "").utf8.count - 2
    expect(part("Model", "m") + "--b--\r\n", error: .misspelledModel(offset: start))
  }

  @Test func `a form without a model has none`() {
    expect(part("models", "m") + "--b--\r\n")
    expect("--b\r\n\r\nno head\r\n--b--\r\n")
    expect("--b--\r\n")
  }

  @Test func `blanks may follow the boundary`() {
    expect("--b \t\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--", model: "m")
  }

  @Test func `equal models are one, differing ones an error`() {
    expect(part("model", "m") + part("model", "m") + "--b--\r\n", model: "m")
    let first = part("model", "m")
    let offset = first.utf8.count + part("model", "").utf8.count - 2
    expect(
      first + part("model", "n") + "--b--\r\n",
      model: "m",
      isFinished: false,
      error: .duplicateModel(offset: offset)
    )
  }

  @Test func `a model that ends before its time is no model`() {
    let cut = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n"
    expect(cut, isFinished: false, error: .broken(offset: cut.utf8.count))
    expect("", isFinished: false, error: .broken(offset: 0))
    expect("--", boundary: "bc", isFinished: false, error: .broken(offset: 2))
    expect("no boundary", isFinished: false, error: .broken(offset: 0))
  }

  @Test func `a form that breaks off behind its model still has it`() {
    expect(part("model", "m") + "--b\r\nContent-Dis", model: "m", isFinished: false)
  }

  @Test func `a form that breaks off in another model is refused`() {
    let cut = part("model", "m") + "--b\r\nContent-Disposition: form-data; name=model\r\n\r\nn"
    expect(cut, model: "m", isFinished: false, error: .broken(offset: cut.utf8.count))
  }

  @Test func `what follows a boundary is the end of its line`() {
    expect("--bx\r\n\r\n", isFinished: false, error: .broken(offset: 3))
    expect("--b\rx", isFinished: false, error: .broken(offset: 4))
    expect("--b-x", isFinished: false, error: .broken(offset: 3))
  }

  @Test func `limits hold`() {
    let longest = String(repeating: "m", count: 512)
    expect(part("model", longest) + "--b--\r\n", model: longest)
    let start = part("model", "").utf8.count - 2
    let tooLong = longest + "m"
    expect(
      part("model", tooLong) + "--b--\r\n",
      isFinished: false,
      error: .modelTooLong(offset: start)
    )
    let endless = "--b\r\n" + String(repeating: "x", count: 16_390)
    let bytes = Array(endless.utf8)
    let found = scan(bytes, boundary: "b", cuts: [100, 16_388])
    #expect(found.error == .broken(offset: 3))
  }

  @Test func `boundaries are read from the type`() {
    func boundary(_ type: String) -> String? {
      Array(type.utf8).withUnsafeBytes { MultipartBoundary.find(in: $0) }
        .map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(boundary("multipart/form-data; boundary=abc") == "abc")
    #expect(boundary("multipart/form-data;charset=utf-8;Boundary=\"a b:c\"; x=y") == "a b:c")
    #expect(
      boundary("multipart/form-data; boundary=----WebKitFormBoundary7MA ")
        == "----WebKitFormBoundary7MA"
    )
    #expect(boundary("multipart/form-data; xboundary=abc") == nil)
    #expect(boundary("multipart/form-data") == nil)
    #expect(boundary("multipart/form-data; boundary=") == nil)
    #expect(boundary("multipart/form-data; boundary=\"a \"") == nil)
    #expect(boundary("multipart/form-data; boundary=----=_Part_1; q=\"a;b\"") == "----=_Part_1")
    for ambiguous in [
      "boundary=a; boundary=b", "boundary=a; boundary=a", "boundary=a; Boundary=b",
      "boundary=\"a\"b; q", "boundary*=utf-8''a", "boundary*0=a; boundary*1=b",
      "boundary=a; boundary*=b", "boundary =a", "boundary=a; x=\"boundary=b\"",
      "x=\"; boundary=a\"", "x=\"; boundary=b\"; boundary=a", "x=\\\"; boundary=a; y=\"",
      "boundary=\"a\\b\"", "boundary=a, multipart/form-data; boundary=b",
    ] {
      #expect(boundary("multipart/form-data; " + ambiguous) == nil, "\(ambiguous)")
    }
    #expect(boundary("multipart/form-data; boundary=a{b") == nil)
    #expect(boundary("multipart/form-data; boundary=" + String(repeating: "a", count: 71)) == nil)
  }
}
