import OAIRSys
import Synchronization

/// What a router holds of a listener beside serving by it: a duplicate that another process may go
/// on with, and its file.
///
/// Callable from any thread.
final class ListenerHold: Sendable {
  private struct State {
    /// nil: nobody may go on with it, or not any more.
    var spare: FileDescriptor?
    /// The file of a unix socket that this router removes.
    var file: SocketFile?
  }

  private let role: HandedListener.Role
  private let state: Mutex<State>

  /// - Parameters:
  ///   - listener: whose duplicate is held; it stays the caller's.
  ///   - role: whom it is for.
  ///   - file: what the router removes at its end, if it's for the router to remove.
  ///   - isKept: whether another process may go on with it.
  /// - Throws: `SystemError` when no descriptor is left.
  init(
    _ listener: FileDescriptor,
    _ role: HandedListener.Role,
    file: SocketFile?,
    isKept: Bool
  ) throws(SystemError) {
    self.role = role
    let spare = isKept ? try listener.duplicate().release() : nil
    state = Mutex(State(spare: spare, file: file))
  }

  deinit { close() }

  /// The file of a listener at an address, if it has one.
  static func file(_ address: SocketAddress) -> SocketFile? {
    if case .unix(let path) = address { SocketFile(path) } else { nil }
  }

  /// A duplicate for another process; nil when there is none to be had any more.
  ///
  /// - Throws: `SystemError` when no descriptor is left.
  func handed() throws(SystemError) -> HandedListener? {
    let handed: Result<HandedListener, SystemError>? = state.withLock { state in
      guard let spare = state.spare else { return nil }
      do throws(SystemError) {
        let duplicate = try spare.duplicate().release()
        return .success(
          HandedListener(descriptor: duplicate, role: role, ownsFile: state.file != nil)
        )
      } catch { return .failure(error) }
    }
    return try handed?.get()
  }

  /// Lets go of the duplicate: a listener that nobody serves by must not let anybody in.
  func close() {
    if let spare = state.withLock({ $0.spare.take() }) { _ = OwnedFD(owning: spare) }
  }

  /// The file is another process's from here on.
  func leaveFile() { state.withLock { $0.file = nil } }

  /// Removes the file, if it is still this one's: it would look like a server to others.
  ///
  /// Once the listener is closed.
  func removeFile() { state.withLock { $0.file.take() }?.remove() }
}
