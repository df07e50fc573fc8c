import OAIRDiscovery
import Testing

@testable import oairouter

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

struct YAMLDocumentTests {
  private func parse(_ yaml: String) throws(DocumentError) -> DocumentNode {
    try YAMLDocument.parse(Array(yaml.utf8))
  }

  @Test(arguments: [
    ("", "null@1:1"),
    ("# nothing\n", "null@2:1"),
    ("~", "null@1:1"),
    ("- a\n- 'b'\n- \"c\\n\"\n-\n", "[a@1:3 'b'@2:3 'c\n'@3:3 null@4:2]@1:1"),
    ("a: {b: [1, true]}\né: x y\n", "{a:{b:[1@1:9 true@1:12]@1:8}@1:4 é:x y@2:4}@1:1"),
    ("a: |\n  one\n  two\n", "{a:'one\ntwo\n'@1:4}@1:1"),
    ("a: &x [1]\nb: *x\n", "{a:[1@1:8]@1:4 b:[1@1:8]@1:4}@1:1"),
    ("---\na: 1\n...\n", "{a:1@2:4}@2:1"),
    ("{\"a\": [1, \"2\", null]}", "{a:[1@1:8 '2'@1:11 null@1:16]@1:7}@1:1"),
  ])
  func `every value has its place`(yaml: String, tree: String) throws {
    #expect(text(try parse(yaml)) == tree)
  }

  @Test(arguments: [
    ("a: 1\n b: 2\n", "2:3: mapping values are not allowed in this context"),
    ("a: [1\n", "2:1: while parsing a flow sequence, did not find expected ',' or ']'"),
    ("a: 1\na: 2\n", "2:1: the key 'a' stands here twice"),
    ("a: !x 1\n", "1:4: tags aren't used here; write the value alone"),
    ("[1]: 1\n", "1:1: a key must be a text"),
    ("a: *x\n", "1:4: there is no anchor 'x' before this"),
    ("a: &x [*x]\n", "1:8: there is no anchor 'x' before this"),
    ("<<: {a: 1}\n", "1:1: '<<' isn't supported; repeat the whole value by an alias"),
    ("a: 1\n---\nb: 2\n", "2:1: the text has a second document here"),
    (
      "a:\n\t- b\n",
      "2:1: while scanning for the next token, found character that cannot start any token"
    ),
  ])
  func `what is wrong is told with its place`(yaml: String, problem: String) {
    #expect {
      try parse(yaml)
    } throws: { "\($0)" == problem }
  }

  @Test func `bytes that are no text are refused`() {
    #expect(throws: DocumentError.self) { try YAMLDocument.parse([0x61, 0x3a, 0xff, 0xff]) }
    #expect(throws: DocumentError.self) { try YAMLDocument.parse([0]) }
  }

  /// Nine lines of nine aliases each stand for a billion values.
  @Test func `a few lines can't stand for billions of values`() {
    var yaml = "a0: &a0 [x]\n"
    for level in 1...9 {
      let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect {
      try parse(yaml)
    } throws: { "\($0)".contains("the text has more than 200000 values") }
  }

  @Test func `depth is bounded`() {
    let deep = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
    #expect {
      try parse(deep)
    } throws: { "\($0)".contains("lists and maps may be 64 deep at most") }
  }

  @Test func `a list of backends in YAML is the one in JSON`() throws {
    let yaml = """
      backends:
        - id: a
          url: http://10.0.0.5:8000
          type: vllm
          models: [x, "y"]
          max_in_flight: 3
      """
    let json = """
      [{"id": "a", "url": "http://10.0.0.5:8000", "type": "vllm", "models": ["x", "y"],
        "max_in_flight": 3}]
      """
    let list = try BackendList.read(file: parse(yaml))
    #expect(list.count == 1)
    #expect(try FileDiscoverer.parseJSON(Array(json.utf8)) == list)
    #expect(try BackendList.read(file: parse(json)) == list)
  }
}
