import Glibc
import OAIRDiscovery
import OAIRouter

/// A configuration that comes through a pipe: `--config /dev/stdin`, `--config <(x)`, a FIFO.
enum PipedFile {
  /// LIMIT: how long a writer may keep a start waiting, in milliseconds.
  private static let patience: Int32 = 10_000

  /// True when a path leads to a pipe or a FIFO.
  static func isPipe(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// Reads what comes until its writer is done; it can be read once.
  ///
  /// On the caller's thread, which blocks.
  ///
  /// - Parameter patience: how long nothing may come, in milliseconds.
  /// - Throws: `DocumentError` when nothing comes for so long, nothing at all, or more than a file
  ///   may have.
  static func read(
    _ path: String,
    patience: Int32 = Self.patience
  ) throws(DocumentError) -> [UInt8] {
    // Non-blocking: opening a FIFO would wait for its writer for ever (fifo(7)).
    let raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard raw >= 0 else { throw failure(Errno(errno).text) }
    let pipe = OwnedFD(owning: FileDescriptor(raw))
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = chunk.withUnsafeMutableBytes {
        Glibc.read(pipe.descriptor.raw, $0.baseAddress, $0.count)
      }
      switch count {
      case 1...: bytes += chunk[..<count]
      // Its writers have closed it; without a byte there may not have been one yet.
      case 0 where !bytes.isEmpty: return bytes
      case 0:
        if try isClosed(pipe.descriptor, patience) { throw failure("nothing was written to it") }
      default:
        let error = errno
        if error == EINTR { continue }
        guard error == EAGAIN else { throw failure(Errno(error).text) }
        _ = try isClosed(pipe.descriptor, patience)
      }
      guard bytes.count <= DiscoveryLimits.backendFile else {
        throw failure("it is larger than \(DiscoveryLimits.backendFile) bytes")
      }
    }
  }

  /// Waits until there is something to read, or its writers have gone.
  ///
  /// - Returns: true for the latter.
  private static func isClosed(
    _ pipe: FileDescriptor,
    _ patience: Int32
  ) throws(DocumentError) -> Bool {
    var entry = pollfd(fd: pipe.raw, events: Int16(POLLIN), revents: 0)
    let count = poll(&entry, 1, patience)
    guard count != 0 else {
      throw failure("nothing has come through the pipe for \(patience) ms")
    }
    return count > 0 && entry.revents & Int16(POLLIN) == 0
  }

  private static func failure(_ reason: String) -> DocumentError {
    DocumentError("the file can't be read: \(reason)")
  }
}
