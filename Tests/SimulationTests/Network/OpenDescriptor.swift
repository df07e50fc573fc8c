import OAIRSys

/// What a descriptor number of the router stands for, and how it is watched.
final class OpenDescriptor {
  enum Kind {
    case socket(SimulatedSocket)
    case listener(SimulatedListener)
  }

  let number: Int32
  let kind: Kind
  /// nil while nobody watches it.
  var token: UInt64?
  /// It is on epoll's ready list.
  var isQueued = false

  init(number: Int32, kind: Kind) {
    self.number = number
    self.kind = kind
  }

  /// What poll(2) would report now (tcp_poll).
  var readiness: Readiness {
    switch kind {
    case .listener(let listener): return listener.backlog.isEmpty ? [] : .readable
    case .socket(let socket):
      if socket.isReset { return [.readable, .writable, .peerClosed, .failed] }
      guard socket.isConnected else { return [] }
      var readiness: Readiness = []
      if socket.incoming.readable > 0 || socket.finArrived { readiness.insert(.readable) }
      if socket.finArrived { readiness.insert(.peerClosed) }
      if socket.finArrived, socket.finSent { readiness.insert(.failed) }
      if socket.finSent || socket.hasRoom {
        readiness.insert(.writable)
      } else {
        socket.wantRoom()
      }
      return readiness
    }
  }
}

/// The router's listening socket: connections that stand and wait to be accepted.
final class SimulatedListener {
  /// LIMIT: connections that wait; further ones are refused.
  static let capacity = 64

  var backlog: [SimulatedSocket] = []
  var isClosed = false
}

/// Where the router's connections lead.
protocol SimulatedServer: AnyObject {
  /// What becomes of a connection attempt.
  func connectionFate() -> ConnectionFate
  /// A connection stands; `socket` is the server's end.
  func accept(_ socket: SimulatedSocket)
  /// How bytes travel to it and back.
  var path: PathTraits { get }
}

/// What becomes of a connection attempt.
enum ConnectionFate {
  /// It stands before connect(2) returns.
  case atOnce
  /// It stands after so many microseconds.
  case after(Int)
  /// A RST comes back at once, or after so many microseconds.
  case refusedAtOnce
  case refusedAfter(Int)
  /// Nobody ever answers.
  case silence
}
