import OAIRHTTP1
import Testing

struct HTTPMethodTests {
  @Test(arguments: [
    ("GET", HTTPMethod.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("PATCH", .patch),
    ("DELETE", .delete), ("OPTIONS", .options), ("TRACE", .trace), ("get", .other),
    ("Post", .other), ("PROPFIND", .other), ("X", .other), ("M-SEARCH", .other),
    ("OPTION", .other), ("CONNECTS", .other), ("!#$%&'*+-.^_`|~09", .other),
  ])
  func `methods are told apart in capitals only`(name: String, method: HTTPMethod) throws {
    let source = "\(name) / HTTP/1.1\r\nHost: a\r\n\r\n"
    let (head, _) = try requireRequest(source)
    #expect(head.method == method)
    #expect(text(source, head.methodRange) == name)
  }
}
