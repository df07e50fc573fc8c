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
}
