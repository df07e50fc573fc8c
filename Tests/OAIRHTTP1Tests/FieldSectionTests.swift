import OAIRHTTP1
import Testing

struct FieldSectionTests {
  private static func get(_ fields: String) -> String {
    "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
  }

  @Test(arguments: [
    ("X:y", "X", "y"), ("X: y", "X", "y"), ("X:\t y \t ", "X", "y"), ("X:", "X", ""),
    ("X:   ", "X", ""), ("X: a b\tc", "X", "a b\tc"), ("X: a:b: c", "X", "a:b: c"),
    ("!#$%&'*+-.^_`|~09: ok", "!#$%&'*+-.^_`|~09", "ok"), ("X: caf\u{e9}", "X", "caf\u{e9}"),
    ("X-A-Name-Of-Far-More-Than-Sixteen-Bytes: v", "X-A-Name-Of-Far-More-Than-Sixteen-Bytes", "v"),
    (
      "X: a value of more than sixteen bytes, twice as many", "X",
      "a value of more than sixteen bytes, twice as many"
    ),
  ])
  func `a field line gives its name and its value without whitespace around it`(
    line: String,
    name: String,
    value: String
  ) throws {
    let (_, fields) = try requireRequest(Self.get(line + "\r\n"))
    #expect(fields.count == 2)
    #expect(fields[1].name == name)
    #expect(fields[1].value == value)
  }

  static let refusals: [Refusal] = [
    // RFC 9112 section 5.1.
    Refusal(get("X : y\r\n"), .whitespaceBeforeColon),
    Refusal(get("X\t: y\r\n"), .whitespaceBeforeColon),
    Refusal(get("Content-Length : 5\r\n"), .whitespaceBeforeColon),
    Refusal(get(": y\r\n"), .invalidFieldName),
    Refusal(get("X\r\n"), .invalidFieldName),
    Refusal(get("X y: z\r\n"), .whitespaceBeforeColon),
    Refusal(get("X\u{0}: z\r\n"), .invalidFieldName),
    Refusal(get("X(): z\r\n"), .invalidFieldName),
    Refusal(get("X\u{e9}: z\r\n"), .invalidFieldName),
    Refusal(get("\u{0}\r\n"), .invalidFieldName),
    Refusal(get("\u{7f}: z\r\n"), .invalidFieldName),
    // RFC 9112 section 5.2 (obs-fold) and section 2.2 (whitespace before the first field).
    Refusal(get("X: y\r\n z\r\n"), .foldedLine),
    Refusal(get("X: y\r\n\tz\r\n"), .foldedLine),
    Refusal(get(" X: y\r\n"), .foldedLine),
    Refusal("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedLine),
    Refusal("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", .foldedLine),
    // Line ends (RFC 9112 section 2.2).
    Refusal(get("X: y\nZ: w\r\n"), .bareLineFeed),
    Refusal(get("X: y\rZ: w\r\n"), .bareCarriageReturn),
    Refusal(get("X: y\r\rZ: w\r\n"), .bareCarriageReturn),
    Refusal("GET / HTTP/1.1\r\nHost: a\n\n", .bareLineFeed),
    Refusal("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
    Refusal("GET / HTTP/1.1\r\nHost: a\r\n\rX", .bareCarriageReturn),
    Refusal(get("X:\r y\r\n"), .bareCarriageReturn),
    // RFC 9110 section 5.5.
    Refusal(get("X: a\u{0}b\r\n"), .invalidFieldValue),
    Refusal(get("X: a\u{1}b\r\n"), .invalidFieldValue),
    Refusal(get("X: a\u{b}b\r\n"), .invalidFieldValue),
    Refusal(get("X: \u{c}\r\n"), .invalidFieldValue),
    Refusal(get("X: a\u{7f}\r\n"), .invalidFieldValue),
    Refusal(get("X: \u{1b}[31m\r\n"), .invalidFieldValue),
  ]

  @Test(arguments: refusals)
  func `a broken field line is refused`(refusal: Refusal) throws {
    let outcome = try ParserHarness.requests().outcome(refusal.bytes)
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == refusal.kind)
    #expect(error.status == 400)
  }

  @Test func `bytes above 127 may stand in values, every control byte but the tab may not`() throws
  {
    for byte in UInt8.min...UInt8.max where byte != 0x0D && byte != 0x0A {
      let bytes =
        Array("GET / HTTP/1.1\r\nHost: a\r\nX: a".utf8) + [byte] + Array("b\r\n\r\n".utf8)
      let outcome = try ParserHarness.requests().outcome(bytes)
      let isControl = (byte < 0x20 && byte != 0x09) || byte == 0x7F
      switch outcome {
      case .head: #expect(!isControl, "byte \(byte)")
      case .failed(let error):
        #expect(isControl, "byte \(byte)")
        #expect(error.kind == .invalidFieldValue)
        #expect(error.offset == 29)
      case .needMore: Issue.record("byte \(byte)")
      }
    }
  }
}
