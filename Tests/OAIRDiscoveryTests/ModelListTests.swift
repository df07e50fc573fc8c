import OAIRRouting
import Testing

@testable import OAIRDiscovery

struct ModelListTests {
  private func parse(_ text: String) -> ModelList? { ModelList(Array(text.utf8)) }

  private func raw(_ list: ModelList) -> [String] {
    list.models.map { String(decoding: $0.raw ?? [], as: UTF8.self) }
  }

  @Test func `llama cpp's list is read, its second one ignored`() throws {
    let list = try #require(parse(RecordedAnswers.llamaModels))
    #expect(list.models.map(\.id) == ["gemma-3-270m"])
    #expect(raw(list) == [RecordedAnswers.llamaModel])
    #expect(list.owner == "llamacpp")
  }

  @Test func `vLLM's objects are kept byte for byte`() throws {
    let list = try #require(parse(RecordedAnswers.vllmModels))
    #expect(list.models.map(\.id) == ["tiny", "tiny-alias"])
    #expect(
      raw(list) == [RecordedAnswers.vllmModel("tiny"), RecordedAnswers.vllmModel("tiny-alias")]
    )
    #expect(list.owner == "vllm")
  }

  @Test func `Ollama's list may be null`() throws {
    #expect(parse(RecordedAnswers.ollamaNone) == ModelListTests.none)
    let list = try #require(parse(RecordedAnswers.ollamaModels))
    #expect(list.models.map(\.id) == ["llama3.2:latest"])
    #expect(list.owner == "library")
  }

  private static let none = ModelList(Array(#"{"data":[]}"#.utf8))

  @Test func `a bare list is a list`() {
    #expect(parse(#"[{"id":"a"}]"#)?.models.map(\.id) == ["a"])
    #expect(parse("[]") == Self.none)
  }

  @Test func `elements without a usable id are left out`() {
    let text = #"{"data":[{"id":""},{"id":1},{"name":"x"},7,null,[],{"id":"a"},{"id":"\ud800"}]}"#
    #expect(parse(text)?.models.map(\.id) == ["a"])
  }

  @Test func `an id is decoded, its object is not`() throws {
    let list = try #require(parse(#"{"data":[ { "id" : "org\/m\u00e9" } ]}"#))
    #expect(list.models.map(\.id) == ["org/mé"])
    #expect(raw(list) == [#"{ "id" : "org\/m\u00e9" }"#])
  }

  @Test(arguments: [
    "", "null", "{}", #"{"object":"list"}"#, #"{"data":{}}"#, #"{"data":1}"#,
    #"{"data":[{"id":"a"}]"#, #"{"data":[{"id":"a",}]}"#, #"{"data":[{"id":"a"}]}x"#,
    "<html></html>", #"{"error":{"message":"Loading model","code":503}}"#,
  ])
  func `anything else is no list, so that nothing invalid is passed on`(text: String) {
    #expect(parse(text) == nil)
  }

  @Test func `a list that isn't UTF-8 is no list`() {
    var bytes = Array(#"{"data":[{"id":"a","x":"?"}]}"#.utf8)
    #expect(ModelList(bytes) != nil)
    bytes[bytes.count - 5] = 0xff
    #expect(ModelList(bytes) == nil)
  }

  @Test func `the number of models is bounded`() {
    let element = #"{"id":"a"}"#
    let many = Array(repeating: element, count: RoutingLimits.modelsPerBackend + 1)
    let list = parse("[" + many.joined(separator: ",") + "]")
    #expect(list?.models.count == RoutingLimits.modelsPerBackend)
  }

  @Test func `llama cpp with several models tells which are loaded`() {
    let list = parse(RecordedAnswers.llamaRouterModels)
    #expect(list?.models.map(\.isLoaded) == [true, false, false])
    #expect(list?.owner == "llamacpp")
    let words =
      #"[{"id":"a","status":"loaded"},{"id":"b","status":"sleeping"},{"id":"c","status":9},"#
    let others = #"{"id":"d","status":{"value":"?"}},{"id":"e","status":null},{"id":"f"}]"#
    #expect(parse(words + others)?.models.map(\.isLoaded) == [true, false, nil, nil, nil, nil])
  }

  @Test func `of an object that is too large only the name is kept`() throws {
    let filler = String(repeating: "x", count: RoutingLimits.modelObject)
    let list = try #require(parse(#"[{"id":"a","x":"\#(filler)"},{"id":"b"}]"#))
    #expect(list.models == [.init(id: "a"), .init(id: "b", raw: Array(#"{"id":"b"}"#.utf8))])
  }
}

struct OllamaListTests {
  private func parse(_ text: String) -> OllamaList? { OllamaList(Array(text.utf8)) }

  @Test func `Ollama's own lists are read, their objects kept byte for byte`() throws {
    let tags = try #require(parse(RecordedAnswers.ollamaTags))
    #expect(tags.objects.map(\.name) == ["llama3.2:latest"])
    #expect(tags.objects.map(\.object) == [Array(RecordedAnswers.ollamaTag.utf8)])
    let processes = try #require(parse(RecordedAnswers.ollamaProcesses))
    #expect(processes.objects.map(\.object) == [Array(RecordedAnswers.ollamaProcess.utf8)])
  }

  @Test func `older versions have a name only, and null stands for nothing`() {
    #expect(
      parse(#"{"models":[{"name":"a"},{"name":""},{"x":1},7]}"#)?.objects.map(\.name) == ["a"]
    )
    #expect(parse(#"{"models":null}"#)?.objects.isEmpty == true)
    #expect(parse(#"{"models":[]}"#)?.objects.isEmpty == true)
  }

  @Test(arguments: ["", "{}", "[]", #"{"data":[]}"#, #"{"models":{}}"#, "404", "<html>"])
  func `anything else is no such list`(text: String) { #expect(parse(text) == nil) }
}
