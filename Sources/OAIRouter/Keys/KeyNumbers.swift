import OAIRProxy
import Synchronization

/// The numbers of keys: an id keeps its number as long as the router runs, whatever becomes of its
/// key, so that an access record that waits for its writer still means the same key.
///
/// Callable from any thread.
final class KeyNumbers: Sendable {
  /// LIMIT: different ids that a router meets while it runs.
  static let most = ClientKey.greatestNumber

  private struct State {
    var ids: [String] = []
    var numbers: [String: Int] = [:]
  }

  private let state = Mutex(State())

  /// Gives keys their numbers.
  ///
  /// - Returns: the same keys; nil when there is no number left for one of them. Nothing is given
  ///   out then.
  func number(_ keys: [ClientKey]) -> [ClientKey]? {
    state.withLock { state in
      let new = keys.map(\.id).filter { state.numbers[$0] == nil }
      guard state.ids.count + new.count <= Self.most else { return nil }
      for id in new {
        state.ids.append(id)
        state.numbers[id] = state.ids.count
      }
      return keys.map { key in
        var key = key
        key.number = state.numbers[key.id] ?? 0
        return key
      }
    }
  }

  /// The ids, by number less one.
  var ids: [String] { state.withLock { $0.ids } }
}
