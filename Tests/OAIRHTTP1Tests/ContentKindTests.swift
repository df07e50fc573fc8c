import OAIRHTTP1
import Testing

struct ContentKindTests {
  @Test(arguments: [
    ("application/json", ContentKind.json), ("Application/JSON; charset=utf-8", .json),
    ("application/json ;x", .json), ("application/problem+json", .json),
    ("application/problem+JSON;a=b", .json), ("text/event-stream", .eventStream),
    ("text/event-stream; charset=utf-8", .eventStream), ("application/x-ndjson", .ndjson),
    ("application/ndjson", .ndjson), ("application/jsonl", .ndjson),
    ("multipart/form-data; boundary=x", .multipart), ("Multipart/Mixed", .multipart),
    ("application/x-www-form-urlencoded", .other), ("text/plain", .other),
    ("application/jsonx", .other), ("application/jso", .other), ("multipart/", .other),
    ("+json", .other), ("application/json, text/plain", .other), ("", .none), (";", .none),
    (" ; x", .none),
  ])
  func `a media type is classified without regard to case and parameters`(
    value: String,
    kind: ContentKind
  ) throws {
    let (head, _) = try requireRequest(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: \(value)\r\n\r\n"
    )
    #expect(head.contentKind == kind)
    let (response, _) = try requireResponse("HTTP/1.1 200 OK\r\ncontent-type: \(value)\r\n\r\n")
    #expect(response.contentKind == kind)
  }

  @Test func `of several kinds a form is told, else the last`() throws {
    func kind(_ types: [String]) throws -> ContentKind {
      let fields = types.map { "Content-Type: \($0)\r\n" }.joined()
      return try requireRequest("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").0.contentKind
    }
    let (form, json) = ("multipart/form-data; boundary=b", "application/json")
    #expect(try kind([form, json]) == .multipart)
    #expect(try kind([json, form]) == .multipart)
    #expect(try kind(["text/event-stream", json]) == .json)
  }

  @Test func `no Content-Type is a kind of its own`() throws {
    let (head, _) = try requireRequest("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(head.contentKind == .none)
  }
}
