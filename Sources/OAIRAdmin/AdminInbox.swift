import OAIRSys
import Synchronization

/// The way into the admin loop from other threads: answers in the order of their making, and an
/// eventfd that wakes it.
///
/// Bounded by the loop itself: there is one answer per connection.
final class AdminInbox: Sendable {
  /// What the loop is told.
  enum Message: Sendable {
    /// The answer to a request, by the number that it was handed out with.
    case answer(AdminResponse, to: UInt64)
    /// Take nothing new, and end.
    case stop
  }

  private let waiting = Mutex<[Message]>([])
  private let wake: EventFD

  init() throws(SystemError) { wake = try EventFD() }

  /// What the loop watches.
  var descriptor: FileDescriptor { wake.descriptor }

  /// Leaves a message.
  ///
  /// Callable from any thread.
  func post(_ message: Message) {
    waiting.withLock { $0.append(message) }
    wake.signal()
  }

  /// Takes what waits.
  ///
  /// On the loop's thread.
  func take() -> [Message] {
    wake.clear()
    return waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
