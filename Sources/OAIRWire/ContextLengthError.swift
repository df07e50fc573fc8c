/// Recognises what engines answer to a prompt that is longer than their model's context.
public enum ContextLengthError {
  /// OpenAI's code; llama.cpp's type; vLLM's, SGLang's and older engines' words.
  private static let signs: [StaticString] = [
    "context_length_exceeded", "exceed_context_size_error", "maximum context length",
    "exceeds the available context size", "exceeds the context length",
  ]

  /// Looks at the body of a 400.
  ///
  /// - Parameter body: whole, and small: it is searched for each sign.
  /// - Returns: true for a prompt that is too long, false for every other error, a refusal by a
  ///   content filter among them.
  public static func isOne(_ body: UnsafeRawBufferPointer) -> Bool {
    // SAFETY: rebinding to bytes is always allowed; nothing behind body.count is looked at.
    guard let bytes = body.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
    return signs.contains { bytes.contains($0, before: body.count) }
  }
}
