import OAIRDiscovery
import OAIRSys
import Synchronization

/// What discoverers can't find, for the status: of each the last trouble that isn't over.
///
/// Callable from any thread.
final class DiscoveryTroubles: Sendable {
  /// LIMIT: characters that are kept of a reason; the log has all of it.
  static let reasonLength = 1024

  /// A trouble of one discoverer.
  struct Trouble: Equatable {
    let discoverer: String
    /// In plain words.
    let reason: String
    /// When it was told, in seconds since 1970.
    let toldAt: Int
  }

  private let troubles = Mutex<[String: Trouble]>([:])

  /// What there is now, by the discoverers' names.
  var all: [Trouble] {
    troubles.withLock { $0.values.sorted { $0.discoverer < $1.discoverer } }
  }

  /// Takes note of what happens in the control plane.
  func take(_ event: ControlPlaneEvent) {
    switch event {
    case .troubled(let discoverer, let reason):
      let trouble = Trouble(
        discoverer: discoverer,
        reason: String(reason.prefix(Self.reasonLength)),
        toldAt: WallTime.now()
      )
      troubles.withLock { $0[discoverer] = trouble }
    // It is where it should be again.
    case .recovered(let discoverer), .watching(_, let discoverer):
      troubles.withLock { $0[discoverer] = nil }
    case .found, .lost, .skipped, .listed: break
    }
  }
}
