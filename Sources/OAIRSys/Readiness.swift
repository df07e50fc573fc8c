import COAIRSys

/// What the kernel says of a descriptor.
public struct Readiness: OptionSet, Sendable {
  /// The flags as a number.
  public let rawValue: UInt8

  // Computed constants: a stored one is initialised at run time, and asked for by a call.

  /// Makes a set of raw flags.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Bytes, a connection or an end of file can be read.
  @inlinable public static var readable: Readiness { Readiness(rawValue: 1) }
  /// There is room to write.
  @inlinable public static var writable: Readiness { Readiness(rawValue: 2) }
  /// EPOLLRDHUP: the peer has shut down its writing side; bytes before it may still be unread.
  @inlinable public static var peerClosed: Readiness { Readiness(rawValue: 4) }
  /// EPOLLERR or EPOLLHUP: the connection is gone, or a connect failed.
  @inlinable public static var failed: Readiness { Readiness(rawValue: 8) }

  /// Reads epoll's bits.
  init(epoll bits: UInt32) {
    var flags: UInt8 = 0
    if bits & EPOLLIN.rawValue != 0 { flags |= 1 }
    if bits & EPOLLOUT.rawValue != 0 { flags |= 2 }
    if bits & EPOLLRDHUP.rawValue != 0 { flags |= 4 }
    if bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { flags |= 8 }
    self.init(rawValue: flags)
  }
}

/// How a descriptor is watched.
public enum Interest: Equatable, Sendable {
  /// A connection: IN, OUT and RDHUP, edge-triggered, registered once and never modified.
  case connectionEdges
  /// A listener, an eventfd, a signalfd: readable, level-triggered.
  case readableLevel
  /// A listener that several epoll instances watch: of those that wait, one or more are told, not
  /// all of them (EPOLLEXCLUSIVE, epoll_ctl(2)).
  case acceptable

  var epollBits: UInt32 {
    switch self {
    case .connectionEdges:
      EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
    case .readableLevel:
      EPOLLIN.rawValue
    case .acceptable:
      EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue
    }
  }
}

/// One report of readiness: the token given at registration, and what is ready.
public struct PollEvent: Equatable, Sendable {
  /// The token, unchanged.
  public var token: UInt64
  /// What is ready.
  public var readiness: Readiness

  /// Makes a report.
  public init(token: UInt64, readiness: Readiness) {
    self.token = token
    self.readiness = readiness
  }
}
