import COAIRSys
import Glibc

/// The datagram socket by which a service tells its manager how it is (sd_notify(3)).
///
/// The protocol is a few lines of text in one datagram, so no library is needed for it. Usable from
/// any thread.
public struct NotifySocket: ~Copyable, Sendable {
  private let owner: OwnedFD
  private let path: [UInt8]
  /// LIMIT: how long a manager whose queue is full is waited for, unless a call says otherwise.
  ///
  /// What isn't taken by then is dropped.
  public static let patience = Duration.seconds(1)

  /// Opens a socket of one's own; nothing is sent yet, and nobody needs to be there.
  ///
  /// - Parameter place: what `NOTIFY_SOCKET` says: an absolute path, or `@` and an abstract name
  ///   (unix(7)).
  /// - Throws: `SystemError` "NOTIFY_SOCKET" with EAFNOSUPPORT for another kind of address (a
  ///   virtual machine's `vsock:`) and ENAMETOOLONG for what no address can hold; of socket(2) when
  ///   no descriptor is left.
  public init(_ place: String) throws(SystemError) {
    var bytes = Array(place.utf8)
    guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
      bytes.count > 1, !bytes.contains(0)
    else { throw SystemError("NOTIFY_SOCKET", Errno(EAFNOSUPPORT)) }
    // A path ends with a NUL; an abstract name begins with one, and its length is its end.
    if first == UInt8(ascii: "@") { bytes[0] = 0 } else { bytes.append(0) }
    guard bytes.count <= MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
      throw SystemError("NOTIFY_SOCKET", Errno(ENAMETOOLONG))
    }
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    let raw = socket(AF_UNIX, type, 0)
    guard raw >= 0 else { throw SystemError("socket", .current) }
    owner = OwnedFD(owning: FileDescriptor(raw))
    path = bytes
    var limit = timeval(tv_sec: Int(Self.patience.components.seconds), tv_usec: 0)
    setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Sends one datagram.
  ///
  /// - Parameters:
  ///   - text: lines of `NAME=value`.
  ///   - limit: how long to block while the manager's queue is full, in whole seconds; zero: not at
  ///     all, as on a reactor's thread.
  /// - Returns: why it wasn't sent (EAGAIN: the queue stayed full); nil when it was.
  @discardableResult
  public func send(_ text: String, within limit: Duration = Self.patience) -> Errno? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let length = MemoryLayout.offset(of: \sockaddr_un.sun_path).unsafelyUnwrapped + path.count
    let flags = Int32(MSG_NOSIGNAL) | (limit > .zero ? 0 : Int32(MSG_DONTWAIT))
    let bytes = Array(text.utf8)
    let deadline = ContinuousClock.now + limit
    while true {
      let count = withUnsafePointer(to: &address) { pointer in
        // SAFETY: sendto(2) reads `length` bytes, which are within a sockaddr_un.
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(owner.descriptor.raw, bytes, bytes.count, flags, $0, socklen_t(length))
        }
      }
      if count >= 0 { return nil }
      let failure = Errno.current
      if failure.code == EINTR { continue }
      guard failure.code == EAGAIN, ContinuousClock.now < deadline else { return failure }
    }
  }
}
