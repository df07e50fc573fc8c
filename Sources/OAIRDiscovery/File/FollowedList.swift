import OAIRRouting
import Synchronization

/// A list of backends that is replaced by others: tells what each version changes.
///
/// Backends with names have a task each that resolves them. What such a task tells counts only
/// while its backend is in the list in the same form.
final class FollowedList: Sendable {
  private struct Entry {
    let backend: ConfiguredBackend
    let version: UInt64
    var task: Task<Void, Never>?
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var version: UInt64 = 0
    /// Names that have not had their first try, by version.
    var unresolved: Set<UInt64> = []
    var troubles = ToldTroubles()
    var isComplete = false
    var hasListed = false
    var isClosed = false
  }

  private let client: ControlClient
  private let continuation: AsyncStream<DiscoveryChange>.Continuation
  private let state = Mutex(State())

  init(_ client: ControlClient, _ continuation: AsyncStream<DiscoveryChange>.Continuation) {
    self.client = client
    self.continuation = continuation
  }

  /// Passes something on, unless it's a trouble that was told.
  func tell(_ change: DiscoveryChange) { state.withLock { tell(change, &$0) } }

  /// Takes over a new version: tells what is new or different first, then what is gone, so that an
  /// engine that changes its id is never away.
  func replace(by backends: [ConfiguredBackend]) {
    state.withLock { state in
      guard !state.isClosed else { return }
      for backend in backends where state.entries[backend.id]?.backend != backend {
        remove(backend.id, &state)
        state.version += 1
        var entry = Entry(backend: backend, version: state.version)
        if let found = backend.backend {
          tell(.appeared(found), &state)
          tell(.recovered(about: backend.id), &state)
        } else {
          state.unresolved.insert(entry.version)
          entry.task = resolve(backend, entry.version)
        }
        state.entries[backend.id] = entry
      }
      let ids = Set(backends.map(\.id))
      for id in state.entries.keys.sorted() where !ids.contains(id) {
        remove(id, &state)
        tell(.disappeared(id: id), &state)
        tell(.recovered(about: id), &state)
      }
      tellListed(&state)
    }
  }

  /// The first look is over: once its names have had their first try, everything was told.
  func complete() {
    state.withLock { state in
      state.isComplete = true
      tellListed(&state)
    }
  }

  /// Ends all tasks.
  func close() {
    state.withLock { state in
      state.isClosed = true
      for id in state.entries.keys { remove(id, &state) }
    }
  }

  private func tell(_ change: DiscoveryChange, _ state: inout State) {
    if state.troubles.isNews(change) { continuation.yield(change) }
  }

  private func remove(_ id: String, _ state: inout State) {
    guard let entry = state.entries.removeValue(forKey: id) else { return }
    entry.task?.cancel()
    state.unresolved.remove(entry.version)
  }

  private func tellListed(_ state: inout State) {
    guard state.isComplete, state.unresolved.isEmpty, !state.hasListed else { return }
    state.hasListed = true
    continuation.yield(.listed)
  }

  /// Follows one name for ever.
  private func resolve(_ backend: ConfiguredBackend, _ version: UInt64) -> Task<Void, Never> {
    Task.detached { [self] in
      for await change in StaticDiscoverer([backend]).changes(using: client) {
        take(change, backend.id, version)
      }
    }
  }

  private func take(_ change: DiscoveryChange, _ id: String, _ version: UInt64) {
    state.withLock { state in
      guard state.entries[id]?.version == version else { return }
      if case .listed = change {
        state.unresolved.remove(version)
        tellListed(&state)
      } else {
        tell(change, &state)
        // Its former form may have had no address.
        if case .appeared = change { tell(.recovered(about: id), &state) }
      }
    }
  }
}
