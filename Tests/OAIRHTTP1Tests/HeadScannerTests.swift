import Testing

@testable import OAIRHTTP1

struct HeadScannerTests {
  private func withScanner(
    _ source: String,
    limit: Int = 100,
    _ body: (inout HeadScanner) -> Void
  ) {
    Array(source.utf8).withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      var scanner = HeadScanner(base, count: buffer.count, limit: limit)
      body(&scanner)
    }
  }

  @Test(arguments: [
    ("\r\nx", ParseStep.done, HTTP1Error.Kind?.none), ("\r\n", .done, nil), ("\r", .needMore, nil),
    ("\n", .failed, .bareLineFeed), ("\rx", .failed, .bareCarriageReturn),
    ("x", .failed, .invalidTarget),
  ])
  func `a line end is CR LF and nothing else`(
    source: String,
    expected: ParseStep,
    kind: HTTP1Error.Kind?
  ) {
    withScanner(source) { scanner in
      let step = scanner.lineEnd(else: .invalidTarget)
      #expect(step == expected)
      #expect(scanner.position == (expected == .done ? 2 : 0))
      if let kind { #expect(scanner.failure == kind) }
    }
  }

  @Test func `running out means more bytes below the limit and a refusal at it`() {
    withScanner("abc", limit: 4) { scanner in
      let step = scanner.ranOut()
      #expect(step == .needMore)
    }
    withScanner("abcd", limit: 4) { scanner in
      let step = scanner.ranOut()
      #expect(step == .failed)
      #expect(scanner.failure == .headTooLarge)
      #expect(scanner.end == 4)
    }
  }

  @Test func `the bound of a line holds until it is left`() {
    withScanner("abcdefgh") { scanner in
      scanner.position = 1
      scanner.enterLine(limit: 3)
      #expect(scanner.end == 6)
      let step = scanner.ranOut()
      #expect(step == .failed)
      #expect(scanner.failure == .requestLineTooLong)
      scanner.leaveLine()
      #expect(scanner.end == 8)
      let after = scanner.ranOut()
      #expect(after == .needMore)
      scanner.enterLine(limit: .max)
      #expect(scanner.end == 8)
    }
  }
}
