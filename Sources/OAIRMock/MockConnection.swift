import OAIRHTTP1
import OAIRReactor
import OAIRSys

/// One connection of a fake backend: a request at a time, its answer, and how far both are.
///
///     readingHead ─► readingBody ─► waiting ─► streaming ─► flushing ─┬─► readingHead
///                                      └──────────────────────┘       ├─► lingering ─► closed
///                                                                     └─► silent
struct MockConnection: ~Copyable {
  enum Phase: Equatable {
    case readingHead
    case readingBody
    /// The answer isn't due yet.
    case waiting
    case streaming
    /// The answer's last bytes haven't been taken by the kernel yet.
    case flushing
    /// A fault: nothing more is sent until the client leaves.
    case silent
    /// The answer is out, its client still sends.
    case lingering
  }

  /// What follows once all bytes are with the kernel.
  enum Afterwards: Equatable {
    case nextRequest, close, reset, silence
    /// Close, but let the client finish sending what was refused.
    case linger
  }

  /// What happens when the waiting is over.
  enum Pending {
    case document(Document, TokenStream.BreakPoint?)
    /// A document in chunks, without the last one.
    case unterminated(Document)
    case stream(EventScript, TokenStream.BreakPoint?)
    case close(isReset: Bool)
  }

  /// Its place among the requests that generate.
  enum Turn: Equatable { case none, queued, held }

  /// Its descriptor's registration.
  var socket = Handle.none
  /// Counted from 1.
  let number: Int
  var phase = Phase.readingHead
  var input = ByteQueue()
  var output = ByteQueue()
  /// How much of the input an earlier parse has seen.
  var scanned = 0
  var request: MockRequest?
  /// Bytes that the body still lacks, unless it is chunked.
  var bodyLeft = 0
  var decoder: ChunkedDecoder?
  var pending: Pending?
  var stream: TokenStream?
  /// What the request asks for.
  var route = MockRoute.unknown
  var turn = Turn.none
  /// How long the answer takes once it is the request's turn.
  var delay = Duration.zero
  /// A fault: so many bytes follow the answer.
  var surplus = 0
  /// Whether the stream's payload is framed in chunks.
  var isChunked = false
  var afterwards = Afterwards.nextRequest
  /// When its timer is due; an earlier timer that still fires is ignored.
  var wakeAt = UInt64.max
  /// Requests so far.
  var served = 0

  init(number: Int) { self.number = number }

  var isReading: Bool { phase == .readingHead || phase == .readingBody }
}
