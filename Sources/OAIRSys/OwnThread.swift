import COAIRSys
import Glibc

/// Threads that run one function to its end: the reactor and the writer.
///
/// They are never threads of Swift's cooperative pool, which must not be blocked.
public enum OwnThread {
  private final class Job: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// LIMIT: 15 characters of a name are kept (pthread_setname_np(3)).
  private static let nameLimit = 15

  /// Starts a detached thread.
  ///
  /// - Parameters:
  ///   - name: as `ps -L` and debuggers show it.
  ///   - run: what it does.
  public static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
    let job = Unmanaged.passRetained(Job(run))
    // All signals are blocked there: they are the program's. A new thread inherits the mask.
    var all = sigset_t()
    var former = sigset_t()
    sigfillset(&all)
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
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run()
        return nil
      },
      job.toOpaque()
    )
    pthread_attr_destroy(&attributes)
    precondition(result == 0, "no thread could be started: errno \(result)")
    pthread_setname_np(thread, String(name.prefix(nameLimit)))
  }
}
