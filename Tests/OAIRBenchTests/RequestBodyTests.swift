import FoundationEssentials
@testable import OAIRBench
import OAIRHTTP1
import OAIRSys
import Testing

struct RequestBodyTests {
  private struct Message: Decodable { var role, content: String }
  private struct Chat: Decodable {
    var messages: [Message]
    var model: String
    var stream: Bool
  }

  private func target(models: [String] = ["m"]) -> BenchTarget {
    BenchTarget(address: .loopback(port: 1), authority: "host:1", prefix: "/p", models: models)
  }

  private func decoded(_ bytes: [UInt8]) throws -> Chat {
    try JSONDecoder().decode(Chat.self, from: Data(bytes))
  }

  @Test(arguments: [256, 257, 1024, 100_000])
  func `a text has exactly the length that was asked for`(bytes: Int) throws {
    let body = RequestBody.text(Workload(), "m", bytes: bytes)
    #expect(body.lead.isEmpty && body.rest.count == bytes)
    let chat = try decoded(body.rest)
    #expect(chat.messages.map(\.role) == ["user"] && chat.model == "m" && !chat.stream)
  }

  @Test
  func `a conversation has many messages, escapes, code, and the model last`() throws {
    var workload = Workload()
    workload.isStreaming = true
    let body = RequestBody.chat(workload, "mö\"del", bytes: 60_000, seed: 3)
    let bytes = body.lead + body.rest
    #expect(abs(bytes.count - 60_000) < 6000)
    let chat = try decoded(bytes)
    #expect(chat.messages.count > 10 && chat.messages[0].role == "system" && chat.stream)
    #expect(chat.model == "mö\"del")
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("\\n") && text.contains("\\\"") && text.contains("```"))
    #expect(text.hasSuffix(#""model":"mö\"del"}"#))
    #expect(String(decoding: body.lead.suffix(16), as: UTF8.self) == RequestBody.serialPlace)
  }

  @Test
  func `conversations differ by their seed, and are the same each time`() {
    let one = RequestBody.chat(Workload(), "m", bytes: nil, seed: 1)
    #expect(one.rest == RequestBody.chat(Workload(), "m", bytes: nil, seed: 1).rest)
    #expect(one.rest != RequestBody.chat(Workload(), "m", bytes: nil, seed: 2).rest)
  }

  @Test(arguments: [
    ("/v1/chat/completions", "messages"), ("/v1/messages", "messages"), ("/api/chat", "messages"),
    ("/v1/completions", "prompt"), ("/api/generate", "prompt"), ("/v1/responses", "input"),
    ("/v1/embeddings", "input"),
  ])
  func `each path is told in its own form`(path: String, key: String) throws {
    var workload = Workload()
    workload.path = path
    let body = RequestBody.text(workload, "m", bytes: 512)
    #expect(body.rest.count == 512)
    #expect(String(decoding: body.rest, as: UTF8.self).hasPrefix("{\"\(key)\":"))
    _ = try JSONDecoder().decode([String: Anything].self, from: Data(body.rest))
  }

  private struct Anything: Decodable { init(from decoder: any Decoder) {} }

  @Test
  func `pieces make the whole request from any byte on, with its own number`() throws {
    var workload = Workload()
    workload.body = .chat(bytes: 2000)
    let requests = RequestSet(workload, target())
    let length = requests.length(0)
    func bytes(from sent: Int) -> [UInt8] {
      let (first, second) = requests.pieces(0, serial: 0xABC, from: sent)
      return Array(first) + Array(second)
    }
    let whole = bytes(from: 0)
    #expect(whole.count == length)
    for sent in 0..<length { #expect(bytes(from: sent) == Array(whole[sent...])) }
    #expect(String(decoding: whole, as: UTF8.self).contains("[0000000000000abc]"))
    let (other, _) = requests.pieces(0, serial: 0xABD, from: 0)
    #expect(Array(other) != Array(whole[..<other.count]))
  }

  @Test
  func `the head says what is sent, and to whom`() throws {
    var target = target()
    target.fields = ["X-One: 1"]
    let text = text(of: RequestSet(Workload(), target))
    #expect(text.hasPrefix("POST /p/v1/chat/completions HTTP/1.1\r\nHost: host:1\r\n"))
    #expect(text.contains("\r\nContent-Length: 1024\r\n") && text.contains("\r\nX-One: 1\r\n\r\n{"))
    var get = Workload()
    get.body = .none
    get.path = "/v1/models"
    let question = self.text(of: RequestSet(get, target))
    #expect(question.hasPrefix("GET /p/v1/models ") && question.hasSuffix("\r\n\r\n"))
    #expect(!question.contains("Content-"))
  }

  private func text(of requests: borrowing RequestSet, _ index: Int = 0) -> String {
    let (first, second) = requests.pieces(index, serial: 1, from: 0)
    return String(decoding: Array(first) + Array(second), as: UTF8.self)
  }

  @Test
  func `models are asked for in turn`() {
    let requests = RequestSet(Workload(), target(models: ["a", "b"]))
    let texts = [text(of: requests, 0), text(of: requests, 1)]
    #expect(texts[0].hasSuffix(#""model":"a"}"#) && texts[1].hasSuffix(#""model":"b"}"#))
  }
}
