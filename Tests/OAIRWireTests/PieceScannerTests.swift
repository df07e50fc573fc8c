import Testing

@testable import OAIRWire

/// Bodies of which nothing is kept: whatever the pieces, the end is that of a scan of the whole.
struct PieceScannerTests {
  private struct Ending<Problem: Equatable>: Equatable {
    var isRepeated = false
    var error: Problem?
  }

  private func whole(json body: [UInt8]) -> Ending<JSONPeekError> {
    var peek = JSONPeek()
    body.withUnsafeBytes { peek.scan($0, isComplete: true) }
    return Ending(isRepeated: peek.isModelRepeated, error: peek.error)
  }

  /// Shows the first `start` bytes as a body that is kept, then pieces of `step` bytes.
  private func pieces(json body: [UInt8], start: Int, step: Int) -> Ending<JSONPeekError>? {
    var peek = JSONPeek()
    var seam = PieceSeam()
    Array(body[..<start]).withUnsafeBytes { bytes in
      peek.scan(bytes, isComplete: false)
      seam.begin(behind: bytes, &peek)
    }
    let found = peek.modelRange
    // A body streams on once its model is known.
    guard found != nil, peek.error == nil else { return nil }
    for piece in stride(from: start, to: body.count, by: step) where peek.error == nil {
      let bytes = Array(body[piece..<min(body.count, piece + step)])
      bytes.withUnsafeBytes { seam.show($0, to: &peek) }
    }
    peek.endPieces(at: body.count)
    let kept = peek.modelRange
    #expect(kept == found)
    return Ending(isRepeated: peek.isModelRepeated, error: peek.error)
  }

  private func expectAlike(json body: String) {
    let bytes = Array(body.utf8)
    let wanted = whole(json: bytes)
    var count = 0
    for start in 0...bytes.count {
      for step in [1, 2, 3, 7, 300, 5000] {
        guard let found = pieces(json: bytes, start: start, step: step) else { continue }
        count += 1
        #expect(found == wanted, "from \(start) on in pieces of \(step)")
      }
    }
    #expect(count > 0)
  }

  @Test(arguments: [
    #"{"model":"a","x":"y","model":"b"}"#, #"{"model":"a","x":"y","Model":"b"}"#,
    #"{"model":"a","x":[1,true,null,-1.5e3,{"model":"n"}],"model":"\u0061"}"#,
    #"{"model":"\u0061","\u006d\u006f\u0064\u0065\u006c" : "a" , "stream":true}"#,
    #"{"model":"a","m\u006fdel":"ab"}"#, #"{"model":"a","mode":"b","models":"b"}"#,
    #"{"model":"a","x\\":"\\","y\"model":"\"","\\\\\"model":"z\\\"}","model":"a"}"#,
    #"{"model":"a","x":tru}"#, #"{"model":"a","x":[}"#, #"{"model":"a"} x"#, #"{"model":"a""#,
    #"{"model":"a","model":7}"#, #"{"model":"a","model":"\q"}"#, #"{"model":"","model":"b"}"#,
    #"{"model":"a","a-name-that-is-longer-than-any-that-matters-model":"b","x":1}"#,
    #"{"model":"a","x":{"model":"c","a-name-that-is-longer-than-any-that-matters":"b"}}"#,
    #"{"model":"a","previous_response_id":"resp_1","previous_response_id":"r\n"}"#,
  ])
  func `JSON in pieces ends as it does in whole`(_ body: String) { expectAlike(json: body) }

  @Test func `long strings and names are cut anywhere`() {
    let name = String(repeating: "n", count: 511)
    let slashes = String(repeating: "\\\\", count: 200)
    for rest in [name + "n", name + "nn", name] {
      let body = #"{"model":"\#(name)n","x":"\#(slashes)\"","model":"\#(rest)"}"#
      let bytes = Array(body.utf8)
      let wanted = whole(json: bytes)
      for step in [1, 100, 255, 256, 257, 1000] {
        let found = pieces(json: bytes, start: 540, step: step)
        #expect(found == wanted, "\(rest.count), in pieces of \(step)")
      }
    }
  }

  @Test func `few bytes of a long body are kept`() {
    let start = Array(#"{"model":"a","x":""#.utf8)
    var peek = JSONPeek()
    var seam = PieceSeam()
    start.withUnsafeBytes { bytes in
      peek.scan(bytes, isComplete: false)
      seam.begin(behind: bytes, &peek)
    }
    let text = [UInt8](repeating: 0x78, count: 100_000)
    for _ in 0..<100 { text.withUnsafeBytes { seam.show($0, to: &peek) } }
    #expect(seam.keptCount == 0)
    Array(#"","model":"b"#.utf8).withUnsafeBytes { seam.show($0, to: &peek) }
    #expect(seam.keptCount == 1)
    Array(#"c"}"#.utf8).withUnsafeBytes { seam.show($0, to: &peek) }
    let error = peek.error
    #expect(error == .duplicateModel(offset: start.count + 10_000_000 + 10))
  }

  // MARK: Forms

  private func whole(form body: [UInt8]) -> Ending<MultipartPeekError> {
    var peek = MultipartPeek(boundary: Array("b".utf8))
    body.withUnsafeBytes { peek.scan($0, isComplete: true) }
    return Ending(isRepeated: peek.isModelRepeated, error: peek.error)
  }

  private func pieces(form body: [UInt8], start: Int, step: Int) -> Ending<MultipartPeekError>? {
    var peek = MultipartPeek(boundary: Array("b".utf8))
    var seam = PieceSeam()
    Array(body[..<start]).withUnsafeBytes { bytes in
      peek.scan(bytes, isComplete: false)
      seam.begin(behind: bytes, &peek)
    }
    guard let found = peek.modelRange, peek.error == nil else { return nil }
    for piece in stride(from: start, to: body.count, by: step) where peek.error == nil {
      let bytes = Array(body[piece..<min(body.count, piece + step)])
      bytes.withUnsafeBytes { seam.show($0, to: &peek) }
    }
    peek.endPieces(at: body.count)
    #expect(peek.modelRange == found)
    return Ending(isRepeated: peek.isModelRepeated, error: peek.error)
  }

  private func part(_ name: String, _ content: String) -> String {
    "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(content)\r\n"
  }

  @Test func `a form in pieces ends as it does in whole`() {
    let file = part("file", "\r\n-\r\n--\r\n--c\r\n--B" + String(repeating: "\r\n", count: 300))
    let first = part("model", "m")
    let cut = first + "--b\r\nContent-Disposition: form-data; name=model\r\n\r\nm"
    for body in [
      first + file + "--b--", first + file + part("model", "m") + "--b--\r\nepilogue",
      first + file + part("model", "n") + "--b--", first + part("Model", "n") + "--b--",
      first + part("stream", String(repeating: "true", count: 200)) + "--b--\r\n",
      first + part("stream", "false") + part("model", "") + "--b--", cut, first + file + "--bx",
      first + "--b\r\nContent-Disposition: form-data;\r\n name=model\r\n\r\nn\r\n--b--",
      first + part("model", String(repeating: "m", count: 600)) + "--b--", first,
    ] {
      let bytes = Array(body.utf8)
      let wanted = whole(form: bytes)
      for start in stride(from: first.utf8.count + 3, through: bytes.count, by: 5) {
        for step in [1, 3, 70, 300, 5000] {
          guard let found = pieces(form: bytes, start: start, step: step) else { continue }
          #expect(found == wanted, "\(body.suffix(40)) from \(start) on in pieces of \(step)")
        }
      }
    }
  }
}
