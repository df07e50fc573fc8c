public import OAIRSys
import Synchronization

/// The way into a reactor from another thread: the newest value wins, and an eventfd wakes the
/// loop.
///
/// The lock is held for a pointer's swap only, and by the reactor once per wake-up, never per
/// request.
public final class Mailbox<Value: Sendable>: Sendable {
  private let newest = Mutex<Value?>(nil)
  private let wake: EventFD

  /// Opens the mailbox.
  ///
  /// - Throws: `SystemError` when no descriptor is left.
  public init() throws(SystemError) { wake = try EventFD() }

  /// Leaves a value, in place of one that wasn't taken yet.
  ///
  /// Callable from any thread.
  public func publish(_ value: Value) {
    newest.withLock { $0 = value }
    wake.signal()
  }

  /// Wakes the reactor without a value: it looks after what it waits for.
  ///
  /// Callable from any thread.
  public func ring() { wake.signal() }

  /// Takes the newest value, if there is one that wasn't taken yet.
  ///
  /// On the reactor's thread.
  public func take() -> Value? {
    wake.clear()
    return newest.withLock { value in
      defer { value = nil }
      return value
    }
  }

  /// Changes what waits, for messages that add up instead of replacing each other.
  ///
  /// Callable from any thread.
  public func update(_ change: (Value?) -> Value) {
    newest.withLock { $0 = change($0) }
    wake.signal()
  }

  /// What a reactor watches (`registerBorrowed`).
  ///
  /// The mailbox stays its owner.
  public var descriptor: FileDescriptor { wake.descriptor }
}
