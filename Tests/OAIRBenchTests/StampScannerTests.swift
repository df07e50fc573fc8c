@testable import OAIRBench
import Testing

struct StampScannerTests {
  private func found(_ pieces: [[UInt8]]) -> [UInt64] {
    var scanner = StampScanner()
    var found: [UInt64] = []
    for piece in pieces {
      piece.withUnsafeBytes { bytes in
        var offset = 0
        while let moment = scanner.next(bytes, at: &offset) { found.append(moment) }
        #expect(offset == bytes.count)
      }
    }
    return found
  }

  private static let text = Array(
    "data: {\"c\":\"@ts0000000000000000123\"}\n\n@ @t @ts12 @@ts1234567890123456789x@ts9".utf8
  )

  @Test
  func `moments are found wherever the text is cut`() {
    let expected: [UInt64] = [123, 1_234_567_890_123_456_789]
    #expect(found([Self.text]) == expected)
    for cut in 0...Self.text.count {
      #expect(found([Array(Self.text[..<cut]), Array(Self.text[cut...])]) == expected)
    }
    #expect(found(Self.text.map { [$0] }) == expected)
  }

  @Test
  func `without one there is none`() {
    #expect(found([Array("@ts123456789012345678x".utf8), [], Array("ts".utf8)]).isEmpty)
  }
}
