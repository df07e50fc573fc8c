import Glibc

/// A descriptor's number.
///
/// It owns nothing: whoever got it from the kernel closes it (`OwnedFD`, or the reactor's
/// registration).
public struct FileDescriptor: Equatable, Hashable, Sendable {
  /// The number, ≥ 0.
  public let raw: Int32

  /// Wraps a number that the kernel gave out.
  public init(_ raw: Int32) { self.raw = raw }

  /// Another number for the same open file, close-on-exec; it belongs to the caller.
  ///
  /// - Parameter least: the least number that it may have.
  /// - Throws: `SystemError` when no descriptor is left.
  public func duplicate(from least: Int32 = 0) throws(SystemError) -> OwnedFD {
    let raw = fcntl(raw, F_DUPFD_CLOEXEC, least)
    guard raw >= 0 else { throw SystemError("fcntl", .current) }
    return OwnedFD(owning: FileDescriptor(raw))
  }
}

/// The one owner of a descriptor: closes it exactly once, when it goes out of scope.
public struct OwnedFD: ~Copyable, Sendable {
  /// The number, valid as long as this value lives.
  public let descriptor: FileDescriptor

  /// Takes ownership of an open descriptor.
  public init(owning descriptor: FileDescriptor) { self.descriptor = descriptor }

  deinit { closeOrTrap(descriptor) }

  /// Gives ownership up without closing.
  public consuming func release() -> FileDescriptor {
    let descriptor = self.descriptor
    discard self
    return descriptor
  }
}

/// Closes a descriptor that the caller owns.
///
/// EBADF means that somebody closed it twice, and that the number may already be another
/// connection's: that is a bug, so it traps.
func closeOrTrap(_ descriptor: FileDescriptor) {
  // close(2) on Linux frees the descriptor even when it reports EINTR: never retried.
  let result = Glibc.close(descriptor.raw)
  precondition(result == 0 || errno != EBADF, "descriptor \(descriptor.raw) closed twice")
}
