public import OAIRSys
import Synchronization

// Another process goes on by the same listeners: both have them for a moment, so that nobody is
// refused; then this one lets go of them and finishes what it has begun. Who starts that process,
// and how the two agree, is the program's business.

extension Router {
  /// Duplicates of all listeners, for another process to go on with.
  ///
  /// Callable from anywhere.
  ///
  /// - Returns: the clients' in the order of `boundAddresses`, then the administrators'; nil when
  ///   the router ends, or was made without `RouterOptions.upgrade`. The descriptors belong to the
  ///   caller.
  /// - Throws: `SystemError` when no descriptor is left.
  public func handedListeners() throws(SystemError) -> [HandedListener]? {
    var handed: [HandedListener] = []
    for hold in holds {
      let next: HandedListener?
      do throws(SystemError) { next = try hold.handed() } catch {
        for listener in handed { _ = OwnedFD(owning: listener.descriptor) }
        throw error
      }
      guard let next else {
        for listener in handed { _ = OwnedFD(owning: listener.descriptor) }
        return nil
      }
      handed.append(next)
    }
    return handed
  }

  /// Whether files of unix sockets stay where they are at the router's end: for as long as another
  /// process still serves by the same sockets, they are that one's.
  ///
  /// Callable from anywhere.
  public func leaveFiles(_ leaves: Bool) {
    leavesFiles.store(leaves, ordering: .sequentiallyConsistent)
  }

  /// Has administrators wait: for as long as another process has the same listener, that one
  /// answers them.
  ///
  /// Callable from anywhere, before `run()`.
  public func holdAdministrators() { administration.hold() }

  /// Lets those in whom `holdAdministrators` has made wait; nothing otherwise.
  ///
  /// Callable from anywhere.
  ///
  /// - Throws: `RouterError.system` when the system refuses what answering them needs.
  public func admitAdministrators() throws(RouterError) {
    do throws(SystemError) { try administration.admit() } catch { throw .system(error) }
  }

  /// Leaves what is to come to another process that serves by the same listeners, and finishes what
  /// is under way.
  ///
  /// Nobody is let in any more; as soon as administrators who came have their answers (2 s at most)
  /// a drain without delay begins, in which `/readyz` goes on to say what it says of the backends,
  /// and files of sockets stay where they are.
  ///
  /// `run()` returns in the end. Callable from anywhere.
  public func retire() {
    for hold in holds {
      hold.leaveFile()
      hold.close()
    }
    post(.leaveListeners)
    // An administrator who came to this process is answered by it, which takes its reactor: a drain
    // may end at once. Not waited for here: the caller may be one of those requests.
    Task.detached { [self] in
      await administration.stop()
      post(.handOver)
    }
  }
}
