import OAIRDiscovery
import Testing

struct DocumentNodeReadingTests {
  @Test(arguments: [
    ("srve", "serve"), ("wieght", "weight"), ("wirte", "write"), ("mox", "max"), ("foo", ""),
    ("post", ""), ("a", ""), ("first_bite", "first_byte"),
  ])
  func `a word is suggested only where it is near`(word: String, meant: String) {
    let words = ["log", "serve", "weight", "write", "max", "host", "b", "first_byte"]
    let hint = DocumentNode.hint(word, words.filter { $0 != "host" || word != "post" })
    #expect(hint == (meant.isEmpty ? "" : "; did you mean '\(meant)'?"))
  }

  private func node(_ json: String) throws -> DocumentNode {
    try JSONDocument.parse(Array(json.utf8))
  }

  private func problem(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `values come out as what is wanted`() throws {
    #expect(try node("\"a\"").text("x") == "a")
    #expect(try node("8000").text("x") == "8000")
    #expect(try node("8000").integer("x", in: 1...9000) == 8000)
    #expect(try node("-1").integer("x", in: -1...0) == -1)
    #expect(try node("\"250ms\"").duration("x") == .milliseconds(250))
    #expect(try node("\"10000h\"").duration("x") == .seconds(36_000_000))
    #expect(try node("true").boolean("x"))
    #expect(try !node("false").boolean("x"))
    #expect(try node("\"b\"").word("x", of: ["a", "b"]) == "b")
    #expect(try node("[1, 2]").elements(of: "x").count == 2)
    #expect(try node("{\"b\": 1}").members(["a", "b"], of: "x").keys.sorted() == ["b"])
    #expect(try node("null").isNull && !node("0").isNull)
  }

  @Test func `what isn't wanted is told with what is there`() {
    let number = "1:1: x must be a whole number from 1 to 9; "
    #expect(problem { _ = try node("10").integer("x", in: 1...9) } == number + "here is 10")
    #expect(problem { _ = try node("1.5").integer("x", in: 1...9) } == number + "here is 1.5")
    let quoted = problem { _ = try node("\"5\"").integer("x", in: 1...9) }
    #expect(quoted == number + "here is the text '5'")
    #expect(problem { _ = try node("{}").text("x") } == "1:1: x must be a text; here is a map")
    #expect(
      problem { _ = try node("\"\"").text("x") } == "1:1: x must be a text; here is the text ''"
    )
    let boolean = problem { _ = try node("\"true\"").boolean("x") }
    #expect(boolean == "1:1: x must be true or false; here is the text 'true'")
    #expect(
      problem { _ = try node("null").elements(of: "x") } == "1:1: x must be a list; here is nothing"
    )
    for text in ["5", "\"5\"", "\"5 s\"", "\"-1s\"", "\"10001h\"", "[]"] {
      #expect(problem { _ = try node(text).duration("x") }?.contains("such as 5s; here is") == true)
    }
    let map = problem { _ = try node("[]").members(["a", "b"], of: "a thing") }
    #expect(map == "1:1: a thing is a map of a, b; here is a list")
  }

  @Test(arguments: [
    ("weigth", "; did you mean 'weight'?"), ("Url", "; did you mean 'url'?"), ("x", ""),
    ("completely", ""),
  ])
  func `a key that there isn't is told with the nearest one`(key: String, hint: String) {
    let text = problem {
      _ = try node("{\"\(key)\": 1}").members(["id", "url", "weight"], of: "a thing")
    }
    #expect(text == "1:\(key.count + 6): a thing has no key '\(key)'\(hint)")
  }

  @Test func `a word that there isn't is told with the nearest one`() {
    let text = problem { _ = try node("\"vlm\"").word("type", of: ["auto", "vllm"]) }
    let expected = "type must be one of auto, vllm; here is the text 'vlm'; did you mean 'vllm'?"
    #expect(text == "1:1: " + expected)
  }
}
