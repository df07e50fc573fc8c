/// The outcome of looking for a head in the bytes received so far.
public enum HeadParse<Head: Sendable>: Sendable {
  /// Nothing wrong so far; more bytes are needed.
  case needMore
  /// A whole head; its `length` says how many bytes it took.
  case head(Head)
  /// The message must be refused, whatever follows.
  case failed(HTTP1Error)
}

/// What a step inside a parser came to; the reason of a failure is in the `HeadScanner`.
enum ParseStep {
  case done, needMore, failed
}
