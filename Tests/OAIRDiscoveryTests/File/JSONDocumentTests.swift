import OAIRDiscovery
import Testing

/// The tree as text: values with their places.
private func text(_ node: DocumentNode) -> String {
  let place = "@\(node.mark.line):\(node.mark.column)"
  switch node.content {
  case .null: return "null\(place)"
  case .scalar(let text, let isPlain): return (isPlain ? text : "'\(text)'") + place
  case .list(let nodes): return "[" + nodes.map { text($0) }.joined(separator: " ") + "]\(place)"
  case .map(let members):
    return "{" + members.map { "\($0.key):\(text($0.value))" }.joined(separator: " ") + "}\(place)"
  }
}

struct JSONDocumentTests {
  @Test(arguments: [
    ("null", "null@1:1"),
    (" true ", "true@1:2"),
    ("\"a\\u00e9\\n\"", "'aé\n'@1:1"),
    ("\u{feff}[1, -2.5e3]", "[1@1:2 -2.5e3@1:5]@1:1"),
    ("{\n  \"é\": 1, \"b\": [\n {}]\n}", "{é:1@2:8 b:[{}@3:2]@2:16}@1:1"),
    ("{\"a\":\"1\",\"b\":null}", "{a:'1'@1:6 b:null@1:14}@1:1"),
  ])
  func `every value has its place`(json: String, tree: String) throws {
    #expect(text(try JSONDocument.parse(Array(json.utf8))) == tree)
  }

  @Test(arguments: [
    ("", "1:1: the text is empty"),
    (" \n ", "2:2: the text is empty"),
    ("{\n \"a\": tru}", "2:7: the text is no JSON from here on"),
    ("[1,\n 2,]", "2:4: the text is no JSON from here on"),
    ("[1] 2", "1:5: the text is no JSON from here on"),
    ("{\"a\": 1,\n \"a\": 2}", "2:7: the key 'a' stands here twice"),
    ("nul", "1:1: the text is no JSON from here on"),
    ("- a\n", "1:2: the text is no JSON from here on"),
  ])
  func `what is wrong is told with its place`(json: String, problem: String) {
    #expect {
      try JSONDocument.parse(Array(json.utf8))
    } throws: { "\($0)" == problem }
  }

  @Test func `bytes that are no text are refused`() {
    #expect(throws: DocumentError("the text isn't UTF-8")) {
      try JSONDocument.parse([0x22, 0xff, 0x22])
    }
  }

  @Test func `brackets have a depth that is bounded`() {
    let deep = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
    #expect(throws: DocumentError.self) { try JSONDocument.parse(Array(deep.utf8)) }
  }

  /// Cut anywhere it must say so, and never read beyond its end.
  @Test func `a text that is cut is an error wherever it's cut`() throws {
    let json = Array("[{\"id\": \"a\\n\", \"url\": \"http://x\", \"weight\": 12}]".utf8)
    _ = try JSONDocument.parse(json)
    for count in 0..<json.count {
      #expect(throws: DocumentError.self) { try JSONDocument.parse(Array(json[..<count])) }
    }
  }
}
