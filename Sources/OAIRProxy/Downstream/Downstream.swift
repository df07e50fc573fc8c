import OAIRReactor
import OAIRSys

/// One client connection.
///
/// Holds no buffer while nothing is left over.
struct Downstream: ~Copyable {
  /// Where the connection is between two requests, or before its end.
  enum Phase: UInt8 {
    /// Between requests, no byte of the next one yet.
    case idle
    /// Part of a head has come.
    case readingHead
    /// An exchange is under way.
    case exchanging
    /// Our FIN is out; what the client still sends is read and dropped, so that no RST destroys
    /// the answer on its way.
    case lingering
  }

  var registration: Handle
  let peer: SocketAddress
  /// It came by a listener that only this machine can reach: names that aren't this machine's are
  /// not believed.
  let checksHost: Bool
  var phase = Phase.idle
  /// Bytes that came and aren't consumed: part of a head, chunk framing, a pipelined request.
  var input = ByteQueue()
  /// How much of `input` was searched for the end of a head.
  var headScanned = 0
  /// Bytes for the client that the kernel didn't take yet.
  var output = ByteQueue()
  /// Bytes that were dropped while lingering.
  var lingered = 0
  var exchange: Exchange

  init(
    registration: Handle,
    peer: SocketAddress,
    checksHost: Bool,
    exchange: consuming Exchange
  ) {
    self.registration = registration
    self.peer = peer
    self.checksHost = checksHost
    self.exchange = exchange
  }
}
