import COAIRSys
import Glibc

/// A counter in the kernel that wakes an epoll_wait(2) from any thread.
public struct EventFD: ~Copyable, Sendable {
  private let owner: OwnedFD

  /// Opens one, non-blocking and close-on-exec.
  ///
  /// - Throws: `SystemError` when no descriptor is left.
  public init() throws(SystemError) {
    let raw = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard raw >= 0 else { throw SystemError("eventfd", .current) }
    owner = OwnedFD(owning: FileDescriptor(raw))
  }

  /// What to watch for readability.
  public var descriptor: FileDescriptor { owner.descriptor }

  /// Makes the descriptor readable.
  ///
  /// Callable from any thread; never blocks: a full counter (EAGAIN) is readable already.
  public func signal() { _ = eventfd_write(descriptor.raw, 1) }

  /// Blocks the calling thread until it is readable.
  ///
  /// Never on a reactor.
  public func waitUntilSignalled() {
    var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    // EINTR: look again; anything else can't happen on a descriptor that is ours.
    while poll(&entry, 1, -1) < 0, errno == EINTR {}
  }

  /// Makes it unreadable again.
  public func clear() {
    var count: eventfd_t = 0
    _ = eventfd_read(descriptor.raw, &count)
  }
}
