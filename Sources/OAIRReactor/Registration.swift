public import OAIRSys

/// What the reactor keeps of one descriptor.
///
/// It is the descriptor's one owner. Ordered by size: two fit a cache line.
@usableFromInline
struct Registration {
  /// What its owner wants to see in events; the reactor doesn't look at it.
  @usableFromInline let owner: UInt64
  /// When the owner must hear of it, in nanoseconds of the reactor's clock; `.max` for never.
  @usableFromInline var deadline: UInt64 = .max
  /// How its bytes are reached.
  @usableFromInline let transport: Transport
  /// What is ready and hasn't been used up: edges come once, so they are remembered here.
  @usableFromInline var readiness: Readiness = []
  /// It is on the runnable list.
  @usableFromInline var isRunnable = false
  /// It waits among those with bulk work.
  @usableFromInline var isPostponed = false
  /// Somebody else owns the descriptor (a mailbox that other threads still signal): the reactor
  /// stops watching it, but never closes it.
  @usableFromInline var isBorrowed = false
  /// It is a listener, which other reactors may watch too.
  @usableFromInline var isListener = false
  /// `beginClose` was called: no event is delivered any more, the close follows at the tick's end.
  @usableFromInline var isClosing = false

  init(transport: Transport, owner: UInt64) {
    self.transport = transport
    self.owner = owner
  }

  /// What its owner is told when it is ready, or has its turn; nil once its close has begun.
  @inlinable
  func ready(_ handle: Handle) -> ReactorEvent? {
    isClosing ? nil : .ready(handle, owner: owner, readiness)
  }

  /// The kernel has reported something.
  @inlinable
  mutating func note(_ news: Readiness, of handle: Handle) -> ReactorEvent? {
    guard !isClosing else { return nil }
    readiness.formUnion(news)
    return .ready(handle, owner: owner, readiness)
  }

  /// Reads what is there, and keeps the books of readiness.
  @inlinable
  mutating func receive(
    _ kernel: some Kernel,
    into memory: UnsafeMutableRawBufferPointer
  ) -> IOResult {
    let result = transport.receive(kernel, into: memory)
    switch result {
    case .bytes(let count):
      // A short read has drained the socket, unless an end of file waits behind it (epoll(7)).
      if count < memory.count, !readiness.contains(.peerClosed), !transport.hasBufferedBytes {
        readiness.remove(.readable)
      }
    case .wouldBlock, .endOfFile, .failed:
      readiness.remove(.readable)
    }
    return result
  }

  /// Writes what fits, and keeps the books of readiness.
  @inlinable
  mutating func send(_ kernel: some Kernel, _ bytes: UnsafeRawBufferPointer) -> IOResult {
    let result = transport.send(kernel, bytes)
    noteSent(result, wanted: bytes.count)
    return result
  }

  /// Writes what fits of two pieces, in one system call.
  @inlinable
  mutating func send(
    _ kernel: some Kernel,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    let result = transport.send(kernel, first, second)
    noteSent(result, wanted: first.count &+ second.count)
    return result
  }

  @inlinable
  mutating func noteSent(_ result: IOResult, wanted: Int) {
    if case .bytes(wanted) = result { return }
    readiness.remove(.writable)
  }
}

/// Something that a reactor's owner has to act on.
public enum ReactorEvent: Equatable, Sendable {
  /// The descriptor's readiness (all that is known now), or its turn on the runnable list.
  case ready(Handle, owner: UInt64, Readiness)
  /// The deadline of the registration has passed; it is cleared.
  case deadline(Handle, owner: UInt64)
  /// An exact timer fired.
  case timer(owner: UInt64)
}
