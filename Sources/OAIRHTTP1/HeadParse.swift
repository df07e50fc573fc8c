/// The outcome of looking for a head in the bytes received so far.
public enum HeadParse<Head: Sendable>: Sendable {
  /// Nothing wrong so far; more bytes are needed.
  case needMore
  /// A whole head; its `length` says how many bytes it took.
  case head(Head)
  /// The message must be refused, whatever follows.
  case failed(HTTP1Error)
}

/// The same for whoever keeps the head in a place of its own, where the parser writes it: what
/// hands it on by value copies a hundred bytes a few times.
public enum HeadProgress: Sendable {
  /// Nothing wrong so far; more bytes are needed.
  case needMore
  /// The head is there.
  case whole
  /// The message must be refused, whatever follows.
  case failed(HTTP1Error)

  /// The same with the head that was written.
  @inline(__always)
  func with<Head>(_ head: Head) -> HeadParse<Head> {
    switch self {
    case .needMore: .needMore
    case .whole: .head(head)
    case .failed(let error): .failed(error)
    }
  }
}

/// What a step inside a parser came to; the reason of a failure is in the `HeadScanner`.
enum ParseStep {
  case done, needMore, failed
}
