/// A list of models that clients ask for.
public enum ModelListing: Sendable {
  /// OpenAI's `GET /v1/models`.
  case models
  /// Ollama's `GET /api/tags`.
  case tags
  /// Ollama's `GET /api/ps`.
  case processes
}
