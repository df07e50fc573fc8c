import COAIRSys
import Glibc

/// One end of a connection by which a process and its child tell each other short texts, each whole
/// (SOCK_SEQPACKET, unix(7)).
///
/// Callable from any thread; closed with its last reference.
public final class MessageChannel: Sendable {
  /// What has come.
  public enum Reception: Sendable, Equatable {
    /// A text.
    case message(String)
    /// The other end is closed: nothing will come any more.
    case closed
    /// Nothing has come in time.
    case timedOut
  }

  /// LIMIT: bytes of a text; what is longer is cut.
  public static let longest = 4096

  private let owner: OwnedFD

  /// Takes an end over that was handed to this process.
  public init(owning descriptor: consuming OwnedFD) { owner = descriptor }

  /// Opens both ends, close-on-exec.
  ///
  /// - Throws: `SystemError` when no descriptor is left.
  public static func pair() throws(SystemError) -> (MessageChannel, MessageChannel) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw SystemError("socketpair", .current)
    }
    return (
      MessageChannel(owning: OwnedFD(owning: FileDescriptor(ends[0]))),
      MessageChannel(owning: OwnedFD(owning: FileDescriptor(ends[1])))
    )
  }

  /// Its descriptor, valid as long as this value lives.
  public var descriptor: FileDescriptor { owner.descriptor }

  /// Sends a text; never blocks.
  ///
  /// - Returns: false when the other end is closed, or has left too much unread.
  @discardableResult
  public func send(_ text: String) -> Bool {
    // A reference that ends with this call would close what it is about to use.
    withExtendedLifetime(self) { Self.send(text, by: descriptor) }
  }

  /// Sends a text by an end that somebody else owns.
  ///
  /// - Returns: false when that isn't possible.
  @discardableResult
  public static func send(_ text: String, by descriptor: FileDescriptor) -> Bool {
    let bytes = Array(text.utf8.prefix(longest))
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    while true {
      if Glibc.send(descriptor.raw, bytes, bytes.count, flags) >= 0 { return true }
      if errno != EINTR { return false }
    }
  }

  /// Waits for a text; blocks the calling thread.
  ///
  /// - Parameter deadline: until when; nil: for ever.
  public func receive(until deadline: ContinuousClock.Instant? = nil) -> Reception {
    withExtendedLifetime(self) { Self.receive(descriptor, until: deadline) }
  }

  private static func receive(
    _ descriptor: FileDescriptor,
    until deadline: ContinuousClock.Instant?
  ) -> Reception {
    var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    while true {
      let ready = poll(&entry, 1, milliseconds(until: deadline))
      if ready > 0 { break }
      if ready == 0, let deadline, deadline <= .now { return .timedOut }
    }
    var bytes = [UInt8](repeating: 0, count: longest)
    let count = recv(descriptor.raw, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    // A reset, when the other end is closed with something unread, says the same.
    guard count > 0 else { return .closed }
    return .message(String(decoding: bytes.prefix(count), as: UTF8.self))
  }

  /// For poll(2): rounded up, so that nobody turns in circles at the end.
  private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = max(.zero, deadline - .now)
    return Int32(clamping: Int64(left / .milliseconds(1)) + 1)
  }
}
