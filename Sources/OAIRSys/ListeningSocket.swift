import COAIRSys
import Glibc

/// A socket that connections come in by.
///
/// Opened at start-up, on any thread.
public struct ListeningSocket: ~Copyable, Sendable {
  /// LIMIT: connections that the kernel keeps for us before they are accepted; capped by
  /// net.core.somaxconn (listen(2)).
  public static let backlog: Int32 = 4096

  /// The listener itself.
  public let owner: OwnedFD
  /// The address that it really has; a requested port 0 has become a number.
  public let address: SocketAddress

  /// Opens a non-blocking, close-on-exec listener.
  ///
  /// SO_REUSEADDR is set, so that a restart isn't kept out by connections in TIME_WAIT. An IPv6
  /// wildcard serves IPv4 too only if the system's bindv6only says so. A stale unix socket file,
  /// one that nobody listens on any more, is replaced; any other file is left alone.
  ///
  /// - Parameters:
  ///   - address: where to listen; port 0 takes any free one.
  ///   - permissions: the mode of a unix socket's file, such as 0o600, from the moment it exists;
  ///     nil leaves it to the process's umask, which this never touches.
  /// - Throws: `SystemError` of socket, bind, chmod or listen.
  public init(_ address: SocketAddress, permissions: UInt32? = nil) throws(SystemError) {
    self = try BoundSocket(address, permissions: permissions).listen()
  }

  init(owner: consuming OwnedFD, address: SocketAddress) {
    self.owner = owner
    self.address = address
  }

  /// Takes a listener that somebody else opened (socket activation, a host program).
  ///
  /// - Throws: `SystemError` of getsockname(2).
  public init(adopting owner: consuming OwnedFD) throws(SystemError) {
    self.address = try Self.boundAddress(owner.descriptor)
    self.owner = owner
  }

  /// Listens by a duplicate of a listener that somebody else owns, and goes on to own.
  ///
  /// Both accept from one backlog. The listener becomes non-blocking, for its owner too, and what
  /// the kernel keeps for each connection is bounded as for our own.
  ///
  /// - Throws: `SystemError` of listen when it isn't a listening stream socket, or of fcntl(2).
  public init(duplicating descriptor: FileDescriptor) throws(SystemError) {
    var isListening: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor.raw, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0 else {
      throw SystemError("getsockopt", .current)
    }
    guard isListening != 0 else { throw SystemError("listen", Errno(EINVAL)) }
    let owner = try descriptor.duplicate()
    let raw = owner.descriptor.raw
    guard fcntl(raw, F_SETFL, fcntl(raw, F_GETFL) | O_NONBLOCK) == 0 else {
      throw SystemError("fcntl", .current)
    }
    try self.init(adopting: owner)
    if address.family != AF_UNIX { BoundSocket.boundBuffers(self.owner.descriptor) }
  }

  /// Gives the descriptor up without closing it.
  public consuming func release() -> FileDescriptor { owner.release() }

  /// The address that a socket is bound to.
  ///
  /// - Throws: `SystemError` of getsockname(2).
  public static func boundAddress(
    _ descriptor: FileDescriptor
  ) throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      // SAFETY: sockaddr_storage is as large and as aligned as every sockaddr.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor.raw, $0, &length)
      }
    }
    guard result == 0 else { throw SystemError("getsockname", .current) }
    return SocketAddress(storage, length: length)
  }
}
