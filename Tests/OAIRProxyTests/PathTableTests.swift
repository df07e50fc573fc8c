import OAIRRouting
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
    #expect(route(path) == .routed(Service(.chat, .chat), canonical: .chatCompletions))
  }

  @Test(arguments: [
    ("/v1/embeddings", PathFamily.embeddings), ("/v1/rerank", .rerank), ("/rerank", .rerank),
    ("/v2/rerank", .rerankV2), ("/score", .score), ("/tokenize", .tokenize),
    ("/infill", .llamaCpp), ("/v1/audio/speech", .speech), ("/v1/embeddings/", .embeddings),
    ("/v1/chat/completions/input_tokens", .inputTokens), ("/v1/anything/else", .other),
    ("/v1/filesystem", .other), ("/v1/chat/completions/control", .other),
  ])
  func `other paths with a model go through as they are`(path: String, family: PathFamily) {
    #expect(route(path) == .routed(Service(family), canonical: nil))
  }

  @Test(arguments: ["/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show"])
  func `Ollama's paths are routed with its events and errors`(path: String) {
    #expect(route(path) == .routed(Service(.ollama, .ollama), canonical: nil))
  }

  @Test func `only what isn't known may not be repeated`() {
    for family in PathFamily.allCases {
      #expect(Service(family).isRepeatable == (family != .other))
    }
  }

  @Test(arguments: [
    "/v1/files", "/v1/files/", "/v1/files/f/content", "/v1/v1/batches", "/v1/chat/completions/id",
    "/v1/responses/id/other", "/v1/audio/voices", "/v1/organization/usage/images",
  ])
  func `a platform's resources are nobody's`(path: String) {
    #expect(route(path) == .platform)
  }

  @Test(arguments: [
    ("/api/chat", ErrorShape.ollama), ("/api/nope", .ollama), ("/v1/messages/x", .anthropic),
    ("/messages", .anthropic), ("/v1/v1/messages", .anthropic), ("/v1/chat", .openAI),
    ("/apix", .openAI), ("", .openAI),
  ])
  func `errors have the shape of the API that was called`(path: String, shape: ErrorShape) {
    #expect(Array(path.utf8).withUnsafeBytes { PathTable.errorShape($0) } == shape)
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

  @Test(arguments: [
    ("/v1/responses/resp_1", "resp_1"), ("/v1/v1/responses/resp_1/", "resp_1"),
    ("/v1/responses/x/cancel", "x"), ("/v1/responses/x/input_items", "x"),
  ])
  func `stored responses are found by their ids`(path: String, id: String) {
    guard case .stored(let range) = route(path) else {
      Issue.record("\(route(path))")
      return
    }
    #expect(String(decoding: Array(path.utf8)[range], as: UTF8.self) == id)
  }

  @Test(arguments: ["/v1/responses/x/other", "/v1/responses//cancel"])
  func `what else is below responses is nobody's`(path: String) {
    #expect(route(path) == .platform)
  }

  @Test func `local endpoints are found`() {
    #expect(route("/health") == .local(.health))
    #expect(route("/livez") == .local(.livez))
    #expect(route("/healthz") == .local(.livez))
    #expect(route("/readyz") == .local(.readyz))
    #expect(route("/v1/models") == .local(.models))
    #expect(route("/v1/models/") == .local(.models))
    #expect(route("/") == .local(.ollamaRoot))
    #expect(route("/api/version") == .local(.ollamaVersion))
    #expect(route("/api/tags") == .local(.ollamaTags))
    #expect(route("/api/ps") == .local(.ollamaProcesses))
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
