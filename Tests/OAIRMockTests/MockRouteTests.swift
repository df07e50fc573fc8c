import OAIRHTTP1
import Testing

@testable import OAIRMock

struct MockRouteTests {
  @Test
  func `the paths of the API are known to every engine`() {
    for personality in MockPersonality.allCases {
      #expect(MockRoute("/v1/models", personality) == .models)
      #expect(MockRoute("/v1/chat/completions", personality) == .chat)
      #expect(MockRoute("/v1/completions", personality) == .completion)
      #expect(MockRoute("/v1/embeddings", personality) == .embeddings)
      #expect(MockRoute("/v1/responses", personality) == .responses)
      #expect(MockRoute("/mock/statistics", personality) == .statistics)
      #expect(MockRoute("/v1/chat/completions/", personality) == .unknown)
    }
  }

  @Test
  func `an engine's own paths are known to it alone`() {
    #expect(MockRoute("/version", .vllm) == .version)
    #expect(MockRoute("/version", .llamacpp) == .unknown)
    #expect(MockRoute("/ping", .vllm) == .health)
    #expect(MockRoute("/ping", .openai) == .unknown)
    #expect(MockRoute("/v1/health", .llamacpp) == .health)
    #expect(MockRoute("/v1/models/x", .vllm) == .unknown)
    #expect(MockRoute("/v1/models/x", .ollama) == .model("x"))
    #expect(MockRoute("/", .ollama) == .ollamaRoot)
    #expect(MockRoute("/", .openai) == .unknown)
    #expect(MockRoute("/health", .ollama) == .unknown)
    #expect(MockRoute("/api/chat", .ollama) == .ollamaChat)
    #expect(MockRoute("/api/chat", .llamacpp) == .unknown)
    #expect(MockRoute("/completions", .llamacpp) == .nativeCompletion)
    #expect(MockRoute("/v1/messages", .openai) == .unknown)
    #expect(MockRoute("/v1/messages/count_tokens", .vllm) == .countTokens)
    #expect(MockRoute("/v1/messages/count_tokens", .ollama) == .unknown)
    #expect(MockRoute("/v1/audio/speech", .openai) == .speech)
    #expect(MockRoute("/v1/audio/speech", .vllm) == .unknown)
  }

  @Test
  func `what is generated takes a slot`() {
    #expect(MockRoute.messages.kind == .message)
    #expect(MockRoute.ollamaGenerate.isGenerated)
    #expect(MockRoute.transcription.isGenerated)
    #expect(!MockRoute.tokenize.isGenerated)
    #expect(!MockRoute.models.isGenerated)
  }

  @Test(arguments: [
    ("/v1/models/a", "a"), ("/v1/models/a/b", "a/b"), ("/v1/models/a%2Fb%3a7", "a/b:7"),
    ("/v1/models/50%", "50%"), ("/v1/models/%zz", "%zz"), ("/v1/models/%C3%A9", "é"),
  ])
  func `one model is named by the rest of the path`(path: String, name: String) {
    #expect(MockRoute(path, .openai) == .model(name))
  }

  @Test
  func `HEAD stands for GET and for nothing else`() {
    #expect(MockRoute.models.accepts(.get))
    #expect(MockRoute.models.accepts(.head))
    #expect(!MockRoute.models.accepts(.post))
    #expect(MockRoute.chat.accepts(.post))
    #expect(!MockRoute.chat.accepts(.head))
    #expect(!MockRoute.chat.accepts(.get))
  }

  @Test
  func `faults are aimed at kinds of paths`() {
    #expect(MockRoute.embeddings.target == .inference)
    #expect(MockRoute.model("x").target == .models)
    #expect(MockRoute.version.target == .health)
    #expect(MockRoute.ollamaTags.target == .models)
    #expect(MockRoute.ollamaShow.target == .inference)
    #expect(MockRoute.statistics.target == nil)
    #expect(MockRoute.unknown.target == nil)
  }
}
