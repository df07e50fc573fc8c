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
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let raw = socket(address.family, type, 0)
    guard raw >= 0 else { throw SystemError("socket", .current) }
    let owner = OwnedFD(owning: FileDescriptor(raw))
    var on: Int32 = 1
    setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    if case .unix(let path) = address { Self.removeStaleSocket(path, address) }
    // bind(2) takes the file's mode from the socket's own, less the umask.
    if let permissions { fchmod(raw, permissions) }
    guard address.withSockaddr({ Glibc.bind(raw, $0, $1) }) == 0 else {
      throw SystemError("bind", .current)
    }
    // Not on every kind of file system. Nobody can have connected: nobody listens yet.
    if let permissions, case .unix(let path) = address {
      guard chmod(path, permissions) == 0 else {
        let error = SystemError("chmod", .current)
        unlink(path)
        throw error
      }
    }
    guard listen(raw, Self.backlog) == 0 else { throw SystemError("listen", .current) }
    self.address = try Self.boundAddress(FileDescriptor(raw))
    self.owner = owner
  }

  /// Takes a listener that somebody else opened (socket activation, a host program).
  ///
  /// - Throws: `SystemError` of getsockname(2).
  public init(adopting owner: consuming OwnedFD) throws(SystemError) {
    self.address = try Self.boundAddress(owner.descriptor)
    self.owner = owner
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

  /// A socket file outlives its process.
  ///
  /// Only a connection attempt tells whether somebody is there.
  private static func removeStaleSocket(_ path: String, _ address: SocketAddress) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    // Non-blocking: with a full backlog connect(2) would wait, and EAGAIN says that somebody is
    // there just as well.
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let probe = socket(AF_UNIX, type, 0)
    guard probe >= 0 else { return }
    let owner = OwnedFD(owning: FileDescriptor(probe))
    let result = address.withSockaddr { Glibc.connect(owner.descriptor.raw, $0, $1) }
    if result != 0, errno == ECONNREFUSED { unlink(path) }
  }
}
