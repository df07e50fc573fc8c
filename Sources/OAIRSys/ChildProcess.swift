import COAIRSys
import Glibc
import Synchronization

/// A program that this process has started, and waits for.
///
/// By posix_spawn(3): of a process with threads, fork(2) would leave the child with locks that
/// nobody unlocks. Callable from any thread.
public final class ChildProcess: Sendable {
  /// How a process has ended.
  public enum Ending: Sendable, Equatable, CustomStringConvertible {
    /// By itself, with a status.
    case exited(Int32)
    /// By a signal.
    case signalled(Int32)

    /// In words.
    public var description: String {
      switch self {
      case .exited(let status): "ended with status \(status)"
      case .signalled(let signal): "was ended by signal \(signal)"
      }
    }
  }

  /// Its process id; another process may have it once `wait` has returned.
  public let pid: Int32
  private let ending = Mutex<Ending?>(nil)

  /// Starts a program.
  ///
  /// It has this process's standard streams and working directory, no blocked signal, and SIGPIPE
  /// and SIGHUP as the system has them.
  ///
  /// - Parameters:
  ///   - program: its path; it isn't looked for.
  ///   - arguments: what comes behind the path.
  ///   - environment: all of it, each `NAME=value`.
  ///   - descriptors: what it has as 3, 4 and so on; they stay the caller's. Whatever else is open
  ///     must be close-on-exec.
  /// - Throws: `SystemError` when it can't be started: nothing is left of it then.
  public init(
    _ program: String,
    arguments: [[CChar]],
    environment: [[CChar]],
    descriptors: [FileDescriptor]
  ) throws(SystemError) {
    // Out of the way of the numbers that they get, so that none overwrites another one.
    var duplicates: [FileDescriptor] = []
    defer { for duplicate in duplicates { _ = OwnedFD(owning: duplicate) } }
    for descriptor in descriptors {
      let least = Self.first + Int32(descriptors.count)
      duplicates.append(try descriptor.duplicate(from: least).release())
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (index, duplicate) in duplicates.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, duplicate.raw, Self.first + Int32(index))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    Self.setSignals(&attributes)
    let path = Array(program.utf8CString)
    pid = try Self.spawn(path, &actions, &attributes, [path] + arguments, environment)
  }

  /// The number of the first descriptor that is handed over (SD_LISTEN_FDS_START).
  private static let first: Int32 = 3

  private static func setSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var standard = sigset_t()
    sigemptyset(&standard)
    for signal in [SIGPIPE, SIGHUP] { sigaddset(&standard, signal) }
    posix_spawnattr_setsigdefault(&attributes, &standard)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
  }

  private static func spawn(
    _ path: [CChar],
    _ actions: inout posix_spawn_file_actions_t,
    _ attributes: inout posix_spawnattr_t,
    _ arguments: [[CChar]],
    _ environment: [[CChar]]
  ) throws(SystemError) -> pid_t {
    var pid = pid_t()
    let result = withPointers(to: arguments) { arguments in
      withPointers(to: environment) { environment in
        posix_spawn(&pid, path, &actions, &attributes, arguments, environment)
      }
    }
    guard result == 0 else { throw SystemError("posix_spawn", Errno(result)) }
    return pid
  }

  /// Calls with an array of pointers to texts that ends with nil, as exec(3) wants it.
  private static func withPointers<Result>(
    to texts: [[CChar]],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }

  /// Waits for its end.
  ///
  /// Blocks the calling thread; for one caller. Without it, what has ended stays in the system's
  /// table of processes.
  ///
  /// - Returns: how it has ended.
  public func wait() -> Ending {
    var info = siginfo_t()
    // Without taking the number away: until the lock is held, a signal must find this process.
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    return ending.withLock { ending in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7f
      let result = signal == 0 ? Ending.exited(status >> 8 & 0xff) : .signalled(signal)
      ending = result
      return result
    }
  }

  /// Sends it a signal; one that has ended gets none.
  public func send(_ signal: Int32) {
    ending.withLock { ending in
      if ending == nil { kill(pid, signal) }
    }
  }
}
