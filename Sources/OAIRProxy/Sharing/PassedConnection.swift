import OAIRSys
import Synchronization

/// A connection that one worker has accepted for another, with its place taken there.
///
/// It owns the descriptor until it's taken; one that nobody takes is closed.
public final class PassedConnection: Sendable {
  let peer: SocketAddress
  /// Its requests may only name this machine.
  let checksHost: Bool
  private let descriptor: Mutex<FileDescriptor?>

  init(_ descriptor: FileDescriptor, _ peer: SocketAddress, checksHost: Bool) {
    self.peer = peer
    self.checksHost = checksHost
    self.descriptor = Mutex(descriptor)
  }

  deinit {
    if let descriptor = take() { _ = OwnedFD(owning: descriptor) }
  }

  /// Gives the descriptor to a new owner, once.
  func take() -> FileDescriptor? { descriptor.withLock { $0.take() } }
}
