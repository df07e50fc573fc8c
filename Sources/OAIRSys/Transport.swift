/// How the bytes of a connection are reached.
///
/// Plain sockets for now; TLS becomes another case here, and nothing above the reactor learns of
/// it.
public enum Transport: Sendable {
  /// Bytes go to the socket as they are.
  case plain(FileDescriptor)

  /// The socket underneath.
  @inlinable
  public var descriptor: FileDescriptor {
    switch self {
    case .plain(let descriptor): descriptor
    }
  }

  /// True when bytes wait inside the transport itself, for which the kernel reports nothing.
  @inlinable
  public var hasBufferedBytes: Bool {
    switch self {
    case .plain: false
    }
  }

  /// Reads what is there.
  @inlinable
  public func receive(
    _ kernel: some Kernel,
    into memory: UnsafeMutableRawBufferPointer
  ) -> IOResult {
    switch self {
    case .plain(let descriptor): kernel.receive(descriptor, into: memory)
    }
  }

  /// Writes what fits.
  @inlinable
  public func send(_ kernel: some Kernel, _ bytes: UnsafeRawBufferPointer) -> IOResult {
    switch self {
    case .plain(let descriptor): kernel.send(descriptor, bytes)
    }
  }

  /// Writes what fits of two pieces.
  @inlinable
  public func send(
    _ kernel: some Kernel,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    switch self {
    case .plain(let descriptor): kernel.send(descriptor, first, second)
    }
  }
}
