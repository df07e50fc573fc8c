import OAIRRouting
import Testing

struct ModelRewritesTests {
  private func table(_ rewrites: ModelRewrites, down: Bool = false) -> RouteTable {
    let big = ModelDescription(id: "big:latest", raw: Array(#"{"id":"big","x":1}"#.utf8))
    return RouteTable(
      generation: 1,
      members: [
        .make("a", slot: 0, state: down ? .down : .ready, models: [big]),
        .make("b", slot: 1, models: [ModelDescription(id: "small"), ModelDescription(id: "gpt")]),
      ],
      rewrites: rewrites,
      isListed: true
    )
  }

  @Test func `an alias has the candidates of its model, and names it`() throws {
    let table = table(ModelRewrites(aliases: ["gpt-4o": "big"]))
    let entry = try #require(table.entry("gpt-4o"))
    #expect(table.candidateIDs("gpt-4o") == ["a"])
    #expect(table.servedName(entry).map { text($0) } == "big")
    #expect(table.servedName(try #require(table.entry("big"))) == nil)
    #expect(table.candidateIDs("big") == ["a"])
    #expect(table.candidateIDs("gpt-4o:latest") == ["a"])
  }

  @Test func `an alias is listed as a model with a root, and isn't one more`() throws {
    let table = table(ModelRewrites(aliases: ["gpt-4o": "big"]))
    #expect(table.modelCount == 3)
    let body = text(table.modelBody(try #require(table.entry("gpt-4o"))))
    #expect(body.contains(#""id":"gpt-4o""#) && body.contains(#""root":"big""#))
    #expect(text(table.modelsBody).contains(body))
    #expect(text(table.tagsBody).contains(#""name":"gpt-4o""#))
  }

  @Test func `an alias of what is down isn't listed`() throws {
    let table = table(ModelRewrites(aliases: ["gpt-4o": "big"]), down: true)
    #expect(table.modelBody(try #require(table.entry("gpt-4o"))).isEmpty)
    #expect(!text(table.modelsBody).contains("gpt-4o"))
  }

  @Test func `an alias hides a model of its name`() {
    let table = table(ModelRewrites(aliases: ["gpt": "big"]))
    #expect(table.candidateIDs("gpt") == ["a"])
    #expect(text(table.modelsBody).components(of: #""id":"gpt""#) == 1)
  }

  @Test func `fallbacks lead to entries, aliases and unknown names among them`() throws {
    let table = table(
      ModelRewrites(aliases: ["mini": "small"], fallbacks: ["big": ["mini", "nowhere"]])
    )
    let entry = try #require(table.entry("big"))
    #expect(table.fallbackCount(entry) == 2)
    #expect(table.servedName(table.fallback(entry, 0)).map { text($0) } == "small")
    #expect(text(table.modelName(table.fallback(entry, 1))) == "nowhere")
    #expect(table.candidates(table.fallback(entry, 1)).isEmpty)
    #expect(table.fallbackCount(try #require(table.entry("small"))) == 0)
  }

  @Test func `an alias without fallbacks has those of its model`() throws {
    let rewrites = ModelRewrites(
      aliases: ["x": "big", "y": "big"],
      fallbacks: ["big": ["small"], "y": ["gpt"]]
    )
    let table = table(rewrites)
    let x = try #require(table.entry("x"))
    let y = try #require(table.entry("y"))
    #expect(text(table.modelName(table.fallback(x, 0))) == "small")
    #expect(text(table.modelName(table.fallback(y, 0))) == "gpt")
  }

  @Test func `a model with fallbacks is known although nobody has it`() {
    let table = table(ModelRewrites(fallbacks: ["away": ["small"]]))
    #expect(table.candidateIDs("away") == [])
  }

  @Test(arguments: [
    (ModelRewrites(aliases: ["a": "a:latest"]), "aliases: 'a' leads to itself"),
    (
      ModelRewrites(aliases: ["a": "b", "b": "c"]),
      "aliases: 'a' leads to 'b', which is an alias too"
    ),
    (
      ModelRewrites(aliases: ["a": ""]), "aliases: a name has 0 bytes, 1 to 512 are allowed"
    ),
    (ModelRewrites(aliases: ["a\n": "b"]), "aliases: a name has a control character"),
    (ModelRewrites(fallbacks: ["a": []]), "fallbacks: 'a' has 0 others, 1 to 8 are allowed"),
    (ModelRewrites(fallbacks: ["a": ["b", "a"]]), "fallbacks: 'a' leads to itself"),
  ])
  func `what can't be meant is told`(_ rewrites: ModelRewrites, _ problem: String) {
    #expect(rewrites.problem == problem)
  }

  @Test func `what is fine has no problem`() {
    #expect(ModelRewrites(aliases: ["a": "b"], fallbacks: ["a": ["c"], "b": ["c"]]).problem == nil)
  }
}

extension String {
  fileprivate func components(of part: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
