/// Something that has changed in a registry.
public enum RegistryEvent: Sendable, Equatable {
  /// A backend is there that wasn't.
  case added(id: String)
  /// A backend was registered anew, moved to another address, or its engine was found out.
  case updated(id: String)
  /// An engine goes by another id now: of those who told of it, another one counts.
  case renamed(id: String, to: String)
  /// A backend is no longer there.
  case removed(id: String)
  /// A backend's state is another one; the reason is nil for one that is well.
  case stateChanged(id: String, from: BackendState, to: BackendState, reason: String?)
  /// A backend has other models; both lists are in order.
  case modelsChanged(id: String, added: [String], removed: [String])
  /// So many events were left out here, because their reader was too slow.
  case missed(Int)
}

/// Those who read a registry's events.
///
/// Owned by the registry, on its queue; a reader that is gone takes itself off the list at the next
/// event.
struct RegistryWatchers {
  fileprivate struct Watcher {
    let continuation: AsyncStream<RegistryEvent>.Continuation
    var missed = 0
  }

  private var watchers: [Watcher] = []

  /// Whether anybody reads.
  var isWatched: Bool { !watchers.isEmpty }

  /// Adds a reader.
  mutating func watch() -> AsyncStream<RegistryEvent> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: RegistryEvent.self,
      bufferingPolicy: .bufferingOldest(RoutingLimits.waitingEvents)
    )
    watchers.append(Watcher(continuation: continuation))
    return stream
  }

  /// Hands an event to all.
  mutating func tell(_ event: RegistryEvent) {
    guard isWatched else { return }
    for index in watchers.indices.reversed() where !watchers[index].take(event) {
      watchers.remove(at: index)
    }
  }

  /// Ends all streams.
  mutating func finish() {
    for watcher in watchers { watcher.continuation.finish() }
    watchers = []
  }
}

extension RegistryWatchers.Watcher {
  /// Returns false when its reader is gone.
  fileprivate mutating func take(_ event: RegistryEvent) -> Bool {
    if missed > 0 {
      switch continuation.yield(.missed(missed)) {
      case .enqueued: missed = 0
      case .dropped: missed += 1
      default: return false
      }
      if missed > 0 { return true }
    }
    switch continuation.yield(event) {
    case .enqueued: break
    case .dropped: missed += 1
    default: return false
    }
    return true
  }
}
