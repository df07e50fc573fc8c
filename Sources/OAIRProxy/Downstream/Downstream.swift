import OAIRReactor
import OAIRSys

/// One client connection.
///
/// Holds no buffer while nothing is left over. What each piece of an answer needs stands first, in
/// one cache line.
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
  /// Where its exchange is: its own, or the one that rests.
  private var place: UnsafeMutablePointer<Exchange>
  /// Bytes for the client that the kernel didn't take yet.
  var output = ByteQueue()
  /// A request is under way, with an exchange that belongs to it.
  private(set) var hasExchange = false
  var phase = Phase.idle
  /// It came by a listener that only this machine can reach: names that aren't this machine's are
  /// not believed.
  let checksHost: Bool

  /// Bytes that came and aren't consumed: part of a head, chunk framing, a pipelined request.
  var input = ByteQueue()
  /// How much of `input` was searched for the end of a head.
  var headScanned = 0
  /// Bytes that were dropped while lingering.
  var lingered = 0
  let peer: SocketAddress

  init(
    registration: Handle,
    peer: SocketAddress,
    checksHost: Bool,
    resting: UnsafeMutablePointer<Exchange>
  ) {
    self.registration = registration
    self.peer = peer
    self.checksHost = checksHost
    place = resting
  }

  deinit {
    // Only when the proxy itself ends: whoever closes a connection gives it back before.
    if hasExchange { ExchangePool.free(place) }
  }

  /// The request that is under way; without one, what says so, and can't be changed.
  var exchange: Exchange {
    @inline(__always)
    unsafeAddress { UnsafePointer(place) }
    @inline(__always)
    unsafeMutableAddress {
      precondition(hasExchange, "no request is under way")
      return place
    }
  }

  /// A request begins.
  ///
  /// - Parameter own: from the pool.
  mutating func begin(_ own: UnsafeMutablePointer<Exchange>) {
    precondition(!hasExchange, "another request is under way")
    place = own
    hasExchange = true
  }

  /// The request is over.
  ///
  /// - Parameter resting: what stands in its place.
  /// - Returns: what goes back to the pool; nil when none was under way.
  mutating func end(_ resting: UnsafeMutablePointer<Exchange>) -> UnsafeMutablePointer<Exchange>? {
    guard hasExchange else { return nil }
    defer { place = resting }
    hasExchange = false
    return place
  }
}
