import Glibc
import Synchronization

/// A connection that somebody else accepted, on its way to a reactor.
///
/// It owns the descriptor until it's taken; one that nobody takes is closed.
public final class HandedConnection: Sendable {
  /// Who is at the other end.
  public let peer: SocketAddress
  /// Where it came in.
  public let local: SocketAddress
  private let descriptor: Mutex<FileDescriptor?>

  /// Makes a connected stream socket ready for a reactor: non-blocking, close-on-exec, without
  /// Nagle's delay.
  ///
  /// - Parameter owner: closed in any case, also when this throws.
  /// - Throws: `SystemError` when it isn't connected, or no socket.
  public init(_ owner: consuming OwnedFD) throws(SystemError) {
    let raw = owner.descriptor.raw
    local = try ListeningSocket.boundAddress(owner.descriptor)
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      // SAFETY: sockaddr_storage is as large and as aligned as every sockaddr.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(raw, $0, &length) }
    }
    guard result == 0 else { throw SystemError("getpeername", .current) }
    peer = SocketAddress(storage, length: length)
    guard fcntl(raw, F_SETFL, fcntl(raw, F_GETFL) | O_NONBLOCK) == 0 else {
      throw SystemError("fcntl", .current)
    }
    _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
    var on: Int32 = 1
    setsockopt(raw, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    descriptor = Mutex(owner.release())
  }

  deinit {
    if let descriptor = take() { _ = OwnedFD(owning: descriptor) }
  }

  /// Gives the descriptor to a new owner, once.
  public func take() -> FileDescriptor? {
    descriptor.withLock { descriptor in
      defer { descriptor = nil }
      return descriptor
    }
  }
}
