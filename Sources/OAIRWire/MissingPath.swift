/// Whether a 404 says that a server doesn't have the path, as opposed to the model or the stored
/// object that was asked for: an answer about those names them.
public enum MissingPath: Equatable, Sendable {
  /// It is about something else, or can't be told.
  case no
  /// The server has no such path.
  case yes
  /// Another router has nobody who serves the path for this model; for others it may.
  case forModel

  /// HTML pages: nginx, Apache, most frameworks; Express.
  private static let pageSigns: [StaticString] = ["404 Not Found", "Cannot POST /"]
  /// Plain texts: Go's http package (Ollama); Express.
  private static let textStarts: [StaticString] = ["404 page not found", "Cannot POST /"]
  /// FastAPI (vLLM, SGLang).
  private static let frameworks: StaticString = "{\"detail\":\"Not Found\"}"
  /// Messages: llama.cpp; LM Studio.
  private static let messageStarts = ["File Not Found", "Unexpected endpoint or method"]

  /// Looks at the body of a 404.
  ///
  /// - Parameter body: whole, and small: it is searched for each sign. Without a byte it is a web
  ///   server's own: engines say which model they don't have.
  public static func judge(_ body: UnsafeRawBufferPointer) -> MissingPath {
    // SAFETY: rebinding to bytes is always allowed; nothing behind body.count is looked at.
    guard let bytes = body.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return .yes }
    var cursor = JSONCursor(bytes, from: 0, to: body.count)
    switch cursor.peek() {
    case 0: return cursor.isAtEnd() ? .yes : .no
    case UInt8(ascii: "<"):
      return pageSigns.contains { bytes.contains($0, before: body.count) } ? .yes : .no
    case Byte.openBrace:
      if bytes.equals(frameworks, in: 0..<body.count) { return .yes }
      return judge(ErrorText(body))
    default:
      let start = cursor.offset
      return textStarts.contains { bytes.has($0, at: start, before: body.count) } ? .yes : .no
    }
  }

  private static func judge(_ error: ErrorText) -> MissingPath {
    // Anthropic's and Ollama's shapes have no room for the code.
    let isRouters =
      error.code == "unsupported_endpoint"
      || error.message.hasPrefix("No backend behind this router serves /")
    if isRouters { return .forModel }
    return messageStarts.contains { error.message.hasPrefix($0) } ? .yes : .no
  }
}
