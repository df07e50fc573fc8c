import COAIRSys
import Glibc

/// Threads that run one function to its end: the reactor and the writer.
///
/// They are never threads of Swift's cooperative pool, which must not be blocked.
public enum OwnThread {
  private final class Job: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(_ name: String, _ run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }

    /// On the new thread.
    func begin() {
      // By itself: to the one that has started it, it may be gone already.
      pthread_setname_np(pthread_self(), String(name.prefix(nameLimit)))
      takeNicenessOfProcess()
      run()
    }

    /// A thread begins as nice as the one that starts it, which may be a worker of the pool, with a
    /// niceness of its own: what the process was started with counts (`nice`, systemd's `Nice=`).
    ///
    /// Where the process may not have it back, it stays as it is (setpriority(2)).
    private func takeNicenessOfProcess() {
      let which = Int32(PRIO_PROCESS.rawValue)
      // 0 means the calling thread: on Linux each has its own.
      setpriority(which, 0, getpriority(which, id_t(getpid())))
    }
  }

  /// LIMIT: 15 characters of a name are kept (pthread_setname_np(3)).
  private static let nameLimit = 15

  /// Starts a detached thread.
  ///
  /// - Parameters:
  ///   - name: as `ps -L` and debuggers show it.
  ///   - run: what it does.
  public static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
    let job = Unmanaged.passRetained(Job(name, run))
    // Signals are the program's and blocked there; a new thread inherits the mask. Those that an
    // instruction of its own raises stay: blocked, they would end it without a backtrace.
    var all = sigset_t()
    var former = sigset_t()
    sigfillset(&all)
    for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, signal) }
    pthread_sigmask(SIG_SETMASK, &all, &former)
    defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let result = pthread_create(
      &thread,
      &attributes,
      { context in
        guard let context else { return nil }
        // SAFETY: retained by `start` for exactly this call.
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().begin()
        return nil
      },
      job.toOpaque()
    )
    pthread_attr_destroy(&attributes)
    precondition(result == 0, "no thread could be started: errno \(result)")
  }
}
