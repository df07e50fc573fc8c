import OAIRHTTP1
import OAIRWire

extension WireFamily {
  /// The type of a stream whose events are known; nil where none are.
  var eventKind: ContentKind? {
    switch self {
    case .chat, .completions, .responses, .messages: .eventStream
    case .ollama: .ndjson
    case .opaque: nil
    }
  }
}
