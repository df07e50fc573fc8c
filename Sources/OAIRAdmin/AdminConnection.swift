import OAIRReactor
import OAIRSys

/// One connection of an administrator: a request at a time, and its answer.
///
/// Confined to the admin thread.
///
///     reading ──► answering ──► writing ──┬─► reading
///        └── refused ─────────────┘       ├─► lingering ──► closed
///                                         └─► closed
final class AdminConnection {
  enum Phase: Equatable {
    /// A request is awaited, or has come in part.
    case reading
    /// Its answer is being made.
    case answering
    case writing
    /// The answer is out, its client still sends what nobody will read.
    case lingering
  }

  /// What follows once the answer is with the kernel.
  enum Afterwards: Equatable {
    case nextRequest, close, linger
  }

  let socket: Handle
  var phase = Phase.reading
  var reader = RequestReader()
  var output = ByteQueue()
  /// The number of the request that is being answered.
  var request: UInt64 = 0
  var isHead = false
  var keepsAlive = false
  var afterwards = Afterwards.close
  /// When it began to wait for its request.
  var idleSince: UInt64
  /// The first byte of a request has come: its deadline counts.
  var hasBegun = false

  init(_ socket: Handle, now: UInt64) {
    self.socket = socket
    idleSince = now
  }
}
