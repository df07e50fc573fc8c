import OAIRSys

@testable import OAIRMock

extension Completion {
  /// The answer of the recordings' identity: what a test varies, it sets.
  static func recorded(_ kind: Kind, id: String, tokens: Int) -> Completion {
    Completion(
      kind: kind,
      id: id,
      created: 1_795_332_060,
      model: "tiny",
      tokenCount: tokens,
      promptTokens: 5,
      isCutShort: true,
      includesUsage: false,
      promptMilliseconds: 20,
      tokenMilliseconds: 10
    )
  }
}

extension MockOptions {
  /// A reproducible backend with two models and three tokens.
  static func reproducible(_ personality: MockPersonality) -> MockOptions {
    var options = MockOptions()
    options.personality = personality
    options.models = ["one", "two"]
    options.tokens = 3
    options.isReproducible = true
    return options
  }
}

extension EventScript {
  /// All its events, as texts.
  var texts: [String] {
    var stream = TokenStream(self, firstToken: 0, interval: 0, breakPoint: nil)
    var events: [String] = []
    var buffer: [UInt8] = []
    while stream.next(at: 0, into: &buffer) == .event { events.append(text(buffer)) }
    return events
  }
}

/// Bytes as text.
func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
