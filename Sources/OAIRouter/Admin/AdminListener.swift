import Glibc
import OAIRAdmin
import OAIRSys
import Synchronization

/// The admin listener between its opening and the router's start, and its file until the end.
final class AdminListener: Sendable {
  /// Where it listens.
  let address: SocketAddress
  /// What is held of it.
  let hold: ListenerHold
  private let descriptor: Mutex<FileDescriptor?>

  /// - Parameters:
  ///   - isOwn: the router has made its file, or was given it, and removes it.
  ///   - isKept: another process may go on with it.
  private init(
    _ socket: consuming ListeningSocket,
    isOwn: Bool = true,
    isKept: Bool
  ) throws(SystemError) {
    address = socket.address
    let file = isOwn ? ListenerHold.file(socket.address) : nil
    hold = try ListenerHold(
      socket.owner.descriptor,
      .administrators,
      file: file,
      isKept: isKept
    )
    descriptor = Mutex(socket.release())
  }

  deinit { close() }

  /// Closes it, unless it has a new owner.
  func close() {
    if let descriptor = release() { _ = OwnedFD(owning: descriptor) }
  }

  /// Gives the descriptor to a new owner.
  func release() -> FileDescriptor? { descriptor.withLock { $0.take() } }

  /// What came of an attempt to open it.
  enum Opening {
    case opened(AdminListener)
    /// There is none; why, unless it wasn't wanted.
    case none(reason: String?)
  }

  /// Opens it.
  ///
  /// One that wasn't asked for by its address is no reason not to start.
  static func open(_ options: RouterOptions) throws(RouterError) -> Opening {
    let isKept = options.upgrade != nil
    switch options.admin.place {
    case .off: return .none(reason: nil)
    case .at(let address):
      do throws(SystemError) {
        let socket = try ListeningSocket(address, permissions: ownerOnly)
        return .opened(try AdminListener(socket, isKept: isKept))
      } catch { throw .admin(address, error) }
    case .listener(let descriptor):
      do throws(SystemError) {
        let socket = try ListeningSocket(duplicating: descriptor)
        let isOwn = options.adoptedListeners.contains(descriptor)
        return .opened(try AdminListener(socket, isOwn: isOwn, isKept: isKept))
      } catch { throw .listener(descriptor, error) }
    case .automatic:
      guard let folder = AdminFolder.own() else {
        return .none(reason: "neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is set")
      }
      return open(in: folder, isKept: isKept)
    }
  }

  private static let ownerOnly: UInt32 = 0o600

  static func open(in folder: String, isKept: Bool = false) -> Opening {
    mkdir(folder, 0o700)
    guard let lock = FolderLock(folder) else {
      return .none(reason: "\(folder) isn't a directory of this user's that nobody else writes to")
    }
    defer { lock.release() }
    let own = "admin-\(getpid()).sock"
    var reason = ""
    for name in [AdminFolder.socketName, own] {
      // LIMIT: sun_path (unix(7)).
      guard let address = SocketAddress("unix:\(folder)/\(name)") else {
        return .none(reason: "\(folder)/\(name) is too long for a unix socket")
      }
      do throws(SystemError) {
        let socket = try ListeningSocket(address, permissions: ownerOnly)
        return .opened(try AdminListener(socket, isKept: isKept))
      } catch {
        reason = "\(folder)/\(name): \(error)"
        // Another router's: the next name.
        guard error.errno == .addressInUse else { break }
      }
    }
    return .none(reason: reason)
  }
}

/// Keeps other routers from looking for dead sockets at the same time: one would take the socket
/// away that another one has just made.
private struct FolderLock {
  /// How often it is tried, ten milliseconds apart.
  private static let tries = 100

  private let descriptor: Int32

  /// - Returns: nil for a directory that others could put something into, or that can't be locked.
  init?(_ folder: String) {
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o022 == 0
    else {
      close(descriptor)
      return nil
    }
    for _ in 0..<Self.tries {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
      poll(nil, 0, 10)
    }
    close(descriptor)
    return nil
  }

  func release() { close(descriptor) }
}
