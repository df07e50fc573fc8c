import OAIRReactor
import OAIRSys
import Synchronization

// Notices are read in the control plane's loop; which folders are watched is told from a task. Both
// meet in a mutex that is held for a dictionary's look-up.

/// Tells when one of the names that matter may have changed.
final class FolderWatcher: Sendable {
  private struct State {
    var names: [InotifyFD.Watch: Set<String>] = [:]
    var isWhole = false
  }

  private let wake: @Sendable () -> Void
  private let inotify: InotifyFD
  private let state = Mutex(State())

  /// - Parameter wake: called on the loop's thread when something may have changed.
  /// - Throws: `SystemError` when the system has no inotify left for this user.
  init(wake: @escaping @Sendable () -> Void) throws(SystemError) {
    inotify = try InotifyFD()
    self.wake = wake
  }

  /// Watches these names from now on, and no others.
  ///
  /// - Returns: the first folder that can't be watched, and why; changes there are only noticed by
  ///   looking.
  func follow(_ trail: PathTrail) -> (folder: String, error: SystemError)? {
    var failure: (String, SystemError)?
    state.withLock { state in
      var names: [InotifyFD.Watch: Set<String>] = [:]
      for (folder, wanted) in trail.names {
        // Always asked for anew: the folder of this name may be another one by now. Two ways to one
        // folder have one watch.
        do throws(SystemError) {
          names[try inotify.watch(folder), default: []].formUnion(wanted)
        } catch {
          failure = failure ?? (folder, error)
        }
      }
      for watch in state.names.keys where names[watch] == nil { inotify.unwatch(watch) }
      state.names = names
    }
    return failure
  }

  /// True once, after a notice that says that what is there is whole.
  func takeIsWhole() -> Bool {
    state.withLock { state in
      defer { state.isWhole = false }
      return state.isWhole
    }
  }

  /// Reads what waits.
  ///
  /// On the loop's thread.
  fileprivate func receive() {
    let notices = inotify.read()
    let matters = state.withLock { state in
      var matters = false
      for notice in notices {
        switch notice {
        case .changed(let watch, let name) where state.names[watch]?.contains(name) == true:
          state.isWhole = true
          matters = true
        case .created(let watch, let name):
          if state.names[watch]?.contains(name) == true { matters = true }
        case .gone(let watch):
          if state.names[watch] != nil { matters = true }
        case .overflowed: matters = true
        case .changed: break
        }
      }
      return matters
    }
    if matters { wake() }
  }

  /// What the loop needs to know of it.
  var guest: any LoopGuest { NoticeReader(self) }

  /// What the loop watches.
  fileprivate var descriptor: FileDescriptor { inotify.descriptor }
}

/// Reads a watcher's notices in the loop.
private final class NoticeReader: LoopGuest {
  private let watcher: FolderWatcher
  private var handle: Handle?

  init(_ watcher: FolderWatcher) { self.watcher = watcher }

  func enter(_ reactor: inout Reactor<LinuxKernel>, owner: UInt64) {
    guard !reactor.isFull else { return }
    handle = try? reactor.registerBorrowed(watcher.descriptor, owner: owner)
  }

  func ready(_ handle: Handle, _ readiness: Readiness, _ reactor: inout Reactor<LinuxKernel>) {
    watcher.receive()
  }

  func timerFired(_ reactor: inout Reactor<LinuxKernel>) {}
  func woken(_ reactor: inout Reactor<LinuxKernel>) {}

  func leave(_ reactor: inout Reactor<LinuxKernel>) {
    if let handle { reactor.beginClose(handle) }
  }
}
