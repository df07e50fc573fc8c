import OAIRRouting
import Testing

@testable import OAIRDiscovery

struct ImageRulesTests {
  private func kind(_ image: String) -> Backend.Kind? {
    ImageRule.known.first { $0.matches(image) }?.kind
  }

  @Test(arguments: [
    ("vllm/vllm-openai", Backend.Kind.vllm), ("vllm/vllm-openai:latest", .vllm),
    ("vllm/vllm-openai-rocm:v0.32.0", .vllm), ("docker.io/vllm/vllm-openai:latest", .vllm),
    ("registry.local:5000/vllm/vllm-openai:v1", .vllm), ("localhost/vllm/vllm-openai", .vllm),
    ("vllm/vllm-openai@sha256:0123", .vllm), ("vllm/vllm-openai:v1@sha256:0123", .vllm),
    ("nvcr.io/nvidia/vllm:25.10-py3", .vllm), ("nvcr.io/nvidia/vllm-nightly", .vllm),
    ("ollama/ollama", .ollama), ("ollama/ollama:0.12.6-rocm", .ollama),
    ("ghcr.io/ggerganov/llama.cpp:server", .llamaCpp),
    ("ghcr.io/ggml-org/llama.cpp:server-cuda", .llamaCpp),
    ("lmsysorg/sglang:latest", .sglang), ("mirror.example/lmsysorg/sglang", .sglang),
  ])
  func `images of the table are known`(image: String, kind: Backend.Kind) {
    #expect(self.kind(image) == kind)
  }

  @Test(arguments: [
    "", "vllm", "vllm/other", "somebody/vllm-openai", "other/vllm/vllm-openai",
    "docker.io/mirror/vllm/vllm-openai", "nvidia/vllm", "example.com/nvidia/vllm",
    "ghcr.io.evil.example/ggml-org/llama.cpp", "ggml-org/llama.cpp", "sha256:0123456789ab",
    "ollama/olla", "VLLM/VLLM-OPENAI", "/vllm/vllm-openai",
  ])
  func `other images aren't`(image: String) {
    #expect(kind(image) == nil)
  }

  @Test(arguments: [
    ("*", "anything", true), ("a*c", "abbc", true), ("a*c", "abbd", false), ("a*", "a", true),
    ("*a", "ba", true), ("a**b", "ab", true), ("a*b*c", "axbxbxc", true), ("a", "ab", false),
    ("ab", "a", false), ("redis", "docker.io/library/redis:7", true), ("", "", true),
    ("registry.local/my-llm*", "registry.local/my-llm-7b:v1", true),
    ("registry.local/my-llm*", "my-llm-7b", false),
    ("registry:5000/a", "registry:5000/a:b", true),
  ])
  func `a star stands for anything`(pattern: String, image: String, isMatch: Bool) {
    let rule = ImageRule(image: pattern, kind: .generic, port: 1)
    #expect(rule.matches(image) == isMatch)
  }

  @Test func `a pattern full of stars takes no time`() {
    let pattern = String(repeating: "*a", count: 200) + "b"
    let rule = ImageRule(image: pattern, kind: .generic, port: 1)
    #expect(!rule.matches(String(repeating: "a", count: 4_000)))
  }

  @Test func `rules of one's own come first, and the known ones can be left out`() {
    var options = DockerOptions()
    options.imageRules = [ImageRule(image: "ollama/*", kind: .generic, port: 9)]
    #expect(options.rule(for: "ollama/ollama")?.port == 9)
    #expect(options.rule(for: "vllm/vllm-openai")?.port == 8000)
    options.usesKnownImages = false
    #expect(options.rule(for: "vllm/vllm-openai") == nil)
    #expect(options.rule(for: "ollama/ollama")?.port == 9)
  }
}
