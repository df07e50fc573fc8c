import OAIRDiscovery
import OAIRSys
import Synchronization

/// What discoverers can't find, for the status: of each file, name or engine why, until it's over.
///
/// What has happened once, and doesn't end, is for the log alone. Callable from any thread.
final class DiscoveryTroubles: Sendable {
  /// LIMIT: troubles that the status has; how many more there are stands beside them.
  static let shown = 64
  /// LIMIT: characters that are kept of a reason; the log has all of it.
  static let reasonLength = 1024

  /// A trouble of one discoverer.
  struct Trouble: Equatable {
    let discoverer: String
    /// The file, the name, the engine that is in trouble.
    let about: String
    /// In plain words.
    let reason: String
    /// When it was told, in seconds since 1970.
    let toldAt: Int
  }

  /// The oldest troubles, and how many there are in all.
  struct Summary: Equatable {
    let oldest: [Trouble]
    let count: Int
  }

  private struct Key: Hashable {
    let discoverer: String
    let about: String
  }

  private struct State {
    /// None is left out: one without room in the status has some when older ones are over, and
    /// isn't told again then.
    ///
    /// LIMIT: by what the discoverers keep.
    var troubles: [Key: (order: UInt64, trouble: Trouble)] = [:]
    var count: UInt64 = 0
  }

  private let state = Mutex(State())
  private let now: @Sendable () -> Int

  /// - Parameter now: the time in seconds since 1970.
  init(now: @escaping @Sendable () -> Int = { WallTime.now() }) { self.now = now }

  /// What there is now.
  var all: Summary {
    state.withLock { state in
      let troubles = state.troubles.values.sorted { $0.order < $1.order }
      return Summary(oldest: troubles.prefix(Self.shown).map(\.trouble), count: troubles.count)
    }
  }

  /// Takes note of what happens in the control plane.
  func take(_ event: ControlPlaneEvent) {
    switch event {
    case .troubled(let discoverer, let reason, let subject?):
      let trouble = Trouble(
        discoverer: discoverer,
        about: subject,
        reason: String(reason.prefix(Self.reasonLength)),
        toldAt: now()
      )
      state.withLock { Self.put(trouble, &$0) }
    case .recovered(let discoverer, let subject):
      state.withLock { $0.troubles[Key(discoverer: discoverer, about: subject)] = nil }
    case .found, .lost, .skipped, .watching, .listed, .troubled: break
    }
  }

  /// One that is as it was keeps its time.
  private static func put(_ trouble: Trouble, _ state: inout State) {
    let key = Key(discoverer: trouble.discoverer, about: trouble.about)
    guard state.troubles[key]?.trouble.reason != trouble.reason else { return }
    state.count += 1
    state.troubles[key] = (state.count, trouble)
  }
}
