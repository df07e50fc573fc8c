/// What a read or write on a non-blocking socket came to.
///
/// Not being able to progress is a result, never an error that is thrown.
public enum IOResult: Equatable, Sendable {
  /// So many bytes moved (at least 1).
  case bytes(Int)
  /// EAGAIN: nothing to read, or no room to write, until the kernel says so.
  case wouldBlock
  /// The peer has shut down its writing side (reads only).
  case endOfFile
  /// The connection is lost.
  case failed(Errno)
}

/// What accept4(2) came to.
public enum AcceptResult: Equatable, Sendable {
  /// A connection and its peer's address.
  case accepted(FileDescriptor, SocketAddress)
  /// Nobody is waiting.
  case wouldBlock
  /// A connection was lost while it waited (ECONNABORTED and kin, accept(2)); try the next.
  case aborted
  /// No descriptors or no memory: pause accepting.
  case exhausted(Errno)
}

/// What connect(2) on a fresh non-blocking socket came to.
public enum ConnectResult: Equatable, Sendable {
  /// Established at once (usual for unix sockets).
  case connected(FileDescriptor)
  /// Under way; writability or an error reports the outcome.
  case inProgress(FileDescriptor)
  /// Not possible; nothing is left open.
  case failed(Errno)
}
