/// What the access line of one exchange says.
///
/// A plain value of fixed size without references: it crosses to the writer thread through a ring.
/// No prompt, no header value beyond the request id.
public struct AccessRecord: Sendable {
  /// How the exchange ended.
  public enum Outcome: UInt8, Sendable {
    /// The client has the whole answer of a backend, whatever its status.
    case complete
    /// The answer was the router's own: a local endpoint.
    case local
    /// The router answered with an error.
    case failed
    /// The backend was lost after COMMIT: the client has part of the answer and knows it.
    case truncated
    /// The client left.
    case clientGone

    /// The word in the access line.
    public var name: StaticString {
      switch self {
      case .complete: "complete"
      case .local: "local"
      case .failed: "failed"
      case .truncated: "truncated"
      case .clientGone: "client_gone"
      }
    }
  }

  /// What a record tells.
  public enum Event: UInt8, Sendable {
    /// An exchange is over.
    case access
    /// Another backend is asked, since the one before has failed.
    case failover
    /// The same backend is asked again.
    case retry

    /// The word in the line.
    public var name: StaticString {
      switch self {
      case .access: "access"
      case .failover: "failover"
      case .retry: "retry"
      }
    }
  }

  /// What it tells; of an attempt that failed only `code`, `model`, `backend`, `attempts` and the
  /// ids are set.
  public var event = Event.access
  /// The number of the exchange since the start.
  public var serial: UInt64 = 0
  /// When the exchange ended, by the kernel's clock in nanoseconds (`LinuxKernel.now()`).
  public var endedAt: UInt64 = 0
  /// From the head's first byte to the end, in nanoseconds.
  public var durationNanoseconds: UInt64 = 0
  /// From the head's first byte to COMMIT, in nanoseconds; 0 when nothing was committed.
  public var firstByteNanoseconds: UInt64 = 0
  /// How long it has waited for a place at a backend, in nanoseconds.
  public var waitedNanoseconds: UInt64 = 0
  /// Who asks: 4 or 6 for an address in `peer`, 0 for a unix socket.
  public var peerVersion: UInt8 = 0
  /// The address, its upper and its lower half.
  public var peer: (upper: UInt64, lower: UInt64) = (0, 0)
  /// The number of the key that was shown, counted from 1; 0 for none.
  public var key: UInt16 = 0
  /// Tokens of the prompt, where a stream said so.
  public var inputTokens: UInt32 = 0
  /// Tokens generated, where a stream said so.
  public var outputTokens: UInt32 = 0
  /// Bytes of the request, head and body.
  public var requestBytes = 0
  /// Bytes of the response that were queued to the client.
  public var responseBytes = 0
  /// The status that the client got; 499 when it left before it got one.
  public var status: UInt16 = 0
  /// Attempts on backends.
  public var attempts: UInt8 = 0
  /// How it ended.
  public var outcome = Outcome.complete
  /// The code of the error that was answered, "" if none; of an attempt, why it failed.
  public var code: StaticString = ""
  /// Method and path, as sent; a query may have secrets in it and is left out.
  public var request = InlineText()
  /// The model asked for.
  public var model = InlineText()
  /// The backend of the last attempt.
  public var backend = InlineText()
  /// The request id that the client got.
  public var requestID = InlineText()

  /// An empty record.
  public init() {}
}

/// Up to 120 bytes of text in place; what is longer is cut.
public struct InlineText: Sendable {
  /// LIMIT: bytes kept.
  public static let capacity = 120

  private var storage = InlineArray<120, UInt8>(repeating: 0)
  /// How many bytes there are, 0 … 120.
  public private(set) var count: UInt8 = 0

  /// No text.
  public init() {}

  /// Adds bytes as far as there is room.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    let room = min(bytes.count, Self.capacity - Int(count))
    guard room > 0 else { return }
    let start = Int(count)
    withUnsafeMutableBytes(of: &storage) { target in
      UnsafeMutableRawBufferPointer(rebasing: target[start..<(start + room)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<room]))
    }
    count += UInt8(truncatingIfNeeded: room)
  }

  /// Adds text as far as there is room.
  public mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Calls `body` with the bytes.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    storage.span.withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[..<Int(count)]))
    }
  }
}
