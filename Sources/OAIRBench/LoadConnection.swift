import OAIRHTTP1
import OAIRReactor
import OAIRSys
import OAIRWire

/// One user of the load: a request at a time, over a connection that is opened when it is needed.
struct LoadConnection: ~Copyable {
  enum Phase: Equatable {
    /// Hasn't begun: the ramp isn't so far.
    case waiting
    /// Open loop: no request is due.
    case idle
    /// A request is on its way.
    case busy
    /// A connect has failed; the next request is sent after a pause.
    case pausing
  }

  /// Where in an answer it stands.
  enum Part: Equatable {
    case head
    /// So many bytes of the body are missing.
    case length(Int)
    case chunked
    case untilClose
  }

  /// From 0.
  let number: Int
  let isSlow: Bool
  var phase = Phase.waiting
  /// Its descriptor's registration, if it has one.
  var socket = Handle.none
  var isConnected = false
  /// Requests that this connection has taken.
  var served = 0
  /// Whether it ever had a connection.
  var hadConnection = false

  /// When the request was due.
  var due: UInt64 = 0
  /// Open loop: whether it is one of those that are measured.
  var isMeasured = false
  var template = 0
  var serial: UInt64 = 0
  var sent = 0
  var isSent = false

  var part = Part.head
  /// The begin of a head or of a chunk's size line whose end hasn't come.
  var held = ByteQueue()
  var decoder: ChunkedDecoder?
  var observer = EventObserver(family: .opaque)
  var status = 0
  var isKeepAlive = true
  /// When the first content came, 0: not yet.
  var firstEvent: UInt64 = 0
  var lastEvent: UInt64 = 0
  var seenEvents = 0
  var stamps = StampScanner()
  /// A slow reader's timer runs.
  var isReadPostponed = false

  init(number: Int, isSlow: Bool) {
    self.number = number
    self.isSlow = isSlow
  }
}
