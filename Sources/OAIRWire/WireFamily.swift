/// The families of answers that are told apart on the wire: how a stream of each is framed, what
/// ends it, and what an error looks like inside it.
public enum WireFamily: UInt8, Sendable {
  /// `/v1/chat/completions`: server-sent events that end with `data: [DONE]`.
  case chat
  /// `/v1/completions`: as chat, with `text` in place of a delta.
  case completions
  /// `/v1/responses`: typed server-sent events that end with `response.completed` and its kin.
  case responses
  /// Anthropic's `/v1/messages`: typed server-sent events that end with `message_stop`.
  case messages
  /// Ollama's own `/api/*`: one JSON object per line; `"done":true` in the last.
  case ollama
  /// Anything else: no events are known in it.
  case opaque
}
