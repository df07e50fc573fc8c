import COAIRSys
import Glibc

/// A socket that has its address but doesn't listen yet: connections to it are refused.
///
/// Nobody who asks for any free port is given its own; who asks for this very one may have it,
/// until one of the two listens (SO_REUSEADDR, socket(7)).
///
/// Opened on any thread.
public struct BoundSocket: ~Copyable, Sendable {
  private let owner: OwnedFD
  /// The address that it really has; a requested port 0 has become a number.
  public let address: SocketAddress

  /// Opens a non-blocking, close-on-exec socket with that address; see `ListeningSocket`.
  ///
  /// - Parameters:
  ///   - address: where to listen; port 0 takes any free one.
  ///   - permissions: the mode of a unix socket's file; nil leaves it to the process's umask.
  /// - Throws: `SystemError` of socket, bind or chmod.
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
    self.address = try ListeningSocket.boundAddress(FileDescriptor(raw))
    self.owner = owner
  }

  /// Lets connections in.
  ///
  /// - Throws: `SystemError` of listen; the socket is closed then.
  public consuming func listen() throws(SystemError) -> ListeningSocket {
    if address.family != AF_UNIX { Self.boundBuffers(owner.descriptor) }
    guard Glibc.listen(owner.descriptor.raw, ListeningSocket.backlog) == 0 else {
      throw SystemError("listen", .current)
    }
    return ListeningSocket(owner: owner, address: address)
  }

  /// Bounds what the kernel keeps for each connection; those that come in inherit it (tcp(7)).
  ///
  /// Of a thousand uploads, by the window: it also bounds how much of one arrives inside a single
  /// system call of ours. Of answers to clients that don't read, by what isn't on its way yet.
  static func boundBuffers(_ listener: FileDescriptor) {
    let level = Int32(IPPROTO_TCP)
    LinuxKernel.setOption(listener.raw, level, TCP_WINDOW_CLAMP, LinuxKernel.receiveWindow)
    LinuxKernel.setOption(listener.raw, level, TCP_NOTSENT_LOWAT, LinuxKernel.unsentBytes)
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
