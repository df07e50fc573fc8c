import OAIRRouting
import Testing

struct PathFamilyTests {
  @Test func `a set has what it was made of and nothing else`() {
    let set: PathFamilies = [.chat, .ollama]
    for family in PathFamily.allCases {
      #expect(set.contains(family) == (family == .chat || family == .ollama))
      #expect(PathFamilies.all.contains(family))
    }
    #expect(PathFamily.allCases.count <= 32)
  }

  @Test(arguments: [Backend.Kind.auto, .generic])
  func `an engine that isn't known serves everything`(kind: Backend.Kind) {
    #expect(kind.pathFamilies == .all)
  }

  @Test(arguments: Backend.Kind.all)
  func `every engine chats, and is asked for what isn't known`(kind: Backend.Kind) {
    for family in [PathFamily.chat, .completions, .embeddings, .responses, .messages, .other] {
      #expect(kind.pathFamilies.contains(family))
    }
  }

  @Test func `some families are one engine's own`() {
    let engines = Backend.Kind.all.filter { $0.pathFamilies != .all }
    func serving(_ family: PathFamily) -> [Backend.Kind] {
      engines.filter { $0.pathFamilies.contains(family) }
    }
    #expect(serving(.ollama) == [.ollama])
    #expect(serving(.llamaCpp) == [.llamaCpp])
    #expect(serving(.pooling) == [.vllm])
    #expect(serving(.score) == [.vllm, .sglang])
    #expect(serving(.countTokens) == [.vllm, .sglang, .llamaCpp, .lmStudio])
    #expect(serving(.images).isEmpty)
  }
}
