/// One way for a backend to fail, and which requests meet it.
///
/// It is written as a comma-separated list of one kind and any modifiers:
///
///     status=CODE         answer this status, 400 ... 599, with the engine's error body
///     reset               RST as soon as the request is complete
///     reset-before-head   RST when the head of the answer is due, after the time to first token
///     eof-before-head     FIN at that time
///     no-response         silence until the client leaves
///     slow-head=DURATION  the head comes later by so much (100us, 250ms, 5s, 2m, 1h)
///     cut-after=N         RST behind the N-th content token
///     eof-after=N         FIN behind it, without the end marker and the terminating chunk
///     stall-after=N       silence behind it, until the client leaves
///     error-after=N       an error event behind it, then the regular end, as vLLM ends when its
///                         engine dies
///     no-end-marker       a stream ends in order, but without its end marker
///     no-terminator       all is sent but the terminating chunk, then FIN
///     short-body=N        an answer's body is N bytes shorter than its Content-Length, then FIN; a
///                         stream meets `no-terminator`
///     surplus=N           N bytes follow a complete answer
///     die[=DURATION]      the engine dies of the request once it has read it: RST on every
///                         connection, and the port is closed, for good or for so long
///
///     retry-after=SECONDS beside status: adds the field
///     rate=SHARE          only this share of the requests, 0 ... 1
///     times=N             only the first N requests that it concerns
///     on=WHAT             inference (the default), models, health, all, or a path
///     unit=UNIT           what the N of `-after` counts: tokens (the default), events, or bytes of
///                         the payload
///
/// For an answer in one piece, N counts bytes of its body, and `error-after` is a status 500.
public struct MockFault: Sendable, Equatable {
  /// What happens.
  public enum Kind: Sendable, Equatable {
    /// An error status instead of the answer.
    case status(Int, retryAfterSeconds: Int?)
    /// RST as soon as the request is complete.
    case reset
    /// RST when the head is due.
    case resetBeforeHead
    /// FIN when the head is due.
    case endBeforeHead
    /// Silence.
    case noResponse
    /// The head comes later.
    case slowHead(Duration)
    /// The answer breaks off behind so many content tokens, events or bytes.
    case broken(after: Int, Break, unit: Unit = .tokens)
    /// A stream without its end marker.
    case noEndMarker
    /// An answer without its terminating chunk.
    case noTerminator
    /// A body that is so many bytes shorter than its head says.
    case shortBody(Int)
    /// So many bytes behind the answer.
    case surplus(Int)
    /// The engine dies, and comes back after a while, or never.
    case death(returnsAfter: Duration?)
  }

  /// What is counted until an answer breaks off.
  public enum Unit: String, Sendable, Equatable, CaseIterable {
    /// Content tokens.
    case tokens
    /// All events of a stream, the opening and the closing ones included.
    case events
    /// Bytes of the payload, without the framing.
    case bytes
  }

  /// How an answer breaks off.
  public enum Break: String, Sendable, Equatable, CaseIterable {
    /// RST.
    case cut
    /// FIN without end marker and terminating chunk.
    case eof
    /// Silence until the client leaves.
    case stall
    /// An error event, then the regular end.
    case error
  }

  /// Which requests a fault concerns.
  public enum Target: Sendable, Equatable {
    /// Those that are POSTed to a model: all that generate, embed, judge or convert.
    case inference
    /// The lists of models.
    case models
    /// Health checks.
    case health
    /// Every request.
    case all
    /// Those with one path.
    case path(String)
  }

  /// What happens.
  public var kind: Kind
  /// To which share of the requests it concerns, 0 ...
  ///
  /// 1.
  public var rate: Double
  /// To how many of them at most; nil: no bound.
  public var times: Int?
  /// Which requests it concerns.
  public var target: Target

  /// A fault that every inference request meets.
  ///
  /// - Parameters:
  ///   - kind: what happens.
  ///   - rate: to which share of the requests, 0 ... 1.
  ///   - times: to how many at most; nil: no bound.
  ///   - target: which requests it concerns.
  public init(
    _ kind: Kind,
    rate: Double = 1,
    times: Int? = nil,
    on target: Target = .inference
  ) {
    self.kind = kind
    self.rate = rate
    self.times = times
    self.target = target
  }
}

/// Why a fault's text was refused.
public struct MockFaultError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One sentence: which part, and what is expected there.
  public let description: String

  init(_ description: String) { self.description = description }
}
