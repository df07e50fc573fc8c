import OAIRWire
import Testing

@testable import OAIRProxy

struct PathTableTests {
  private func route(_ path: String) -> PathTable.Route {
    Array(path.utf8).withUnsafeBytes { PathTable.route($0) }
  }

  @Test(arguments: [
    "/v1/chat/completions", "/chat/completions", "/v1/v1/chat/completions",
    "/v1/chat/completions/",
  ])
  func `chat completions are found however the base URL was typed`(path: String) {
    #expect(route(path) == .routed(.chat, canonical: .chatCompletions))
  }

  @Test(arguments: [
    "/v1/embeddings", "/v1/rerank", "/v2/rerank", "/rerank", "/score", "/tokenize", "/infill",
    "/v1/anything/else",
  ])
  func `other paths with a model go through as they are`(path: String) {
    #expect(route(path) == .routed(.opaque, canonical: nil))
  }

  @Test(arguments: ["/v2/x", "/v1", "/v1/", "/nope", "/chat", "*", "/healthx"])
  func `anything else is unknown`(path: String) {
    #expect(route(path) == .unknown)
  }

  @Test(arguments: [
    "/v1/../admin", "/v1/chat/..", "/./v1/models", "/v1/%2e%2E/x", "/v1/.%2e/x", "/..", "/v1/x/.",
  ])
  func `dot segments mean nothing that everybody agrees on`(path: String) {
    #expect(route(path) == .dotted)
  }

  @Test(arguments: ["/v1/a..b", "/v1/...", "/v1/.well-known", "/v1/x%2f", "/v1/models/m.1"])
  func `dots within names are names`(path: String) {
    #expect(route(path) != .dotted)
  }

  @Test func `local endpoints are found`() {
    #expect(route("/health") == .local(.health))
    #expect(route("/livez") == .local(.livez))
    #expect(route("/healthz") == .local(.livez))
    #expect(route("/readyz") == .local(.readyz))
    #expect(route("/v1/models") == .local(.models))
    #expect(route("/v1/models/") == .local(.models))
  }

  @Test(arguments: [
    ("/v1/models/a", "a"), ("/v1/models/org/name", "org/name"), ("/v1/v1/models/x", "x"),
    ("/v1/models/a/", "a"), ("/v1/v1/models/org/name/", "org/name"),
  ])
  func `a model's id is all that follows`(path: String, id: String) {
    guard case .local(.model(let range)) = route(path) else {
      Issue.record("\(path) isn't a model")
      return
    }
    #expect(Array(path.utf8)[range].elementsEqual(id.utf8))
  }
}
