/// The JSON shapes that errors have, by the API that the client speaks.
public enum ErrorShape: Sendable {
  /// `{"error":{"message":…,"type":…,"param":…,"code":…}}`
  case openAI
  /// `{"type":"error","error":{"type":…,"message":…}}`
  case anthropic
  /// `{"error":"…"}`
  case ollama
}
