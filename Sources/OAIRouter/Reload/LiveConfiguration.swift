import OAIRDiscovery
import OAIRProxy
import OAIRRouting
import Synchronization

// A new configuration crosses to the reactor with the table that belongs to it, in one piece of
// mail: the registry has its publisher called at once after `prepare`, on the same queue.

/// What a router goes by now, and the one place where that changes.
final class LiveConfiguration: Sendable {
  private struct State {
    var options: RouterOptions
    /// For the reactor, with the next table.
    var pending: ProxyOptions?
  }

  /// The numbers of keys.
  let numbers = KeyNumbers()
  private let state: Mutex<State>
  private let turns = Turns()

  init(_ options: RouterOptions) { state = Mutex(State(options: options)) }

  /// What holds.
  var options: RouterOptions { state.withLock { $0.options } }

  /// What the reactor is to get with the table that is being published; once.
  ///
  /// On the registry's queue.
  func takePending() -> ProxyOptions? { state.withLock { $0.pending.take() } }

  /// Takes other options over, one change after the other.
  ///
  /// - Throws: `RouterError.configuration` when they can't be; nothing has changed then. `.ended`
  ///   when the control plane has stopped.
  func reconfigure(
    _ newer: RouterOptions,
    _ controlPlane: ControlPlane
  ) async throws(RouterError) -> Reconfiguration {
    try await turns.take { await self.change(to: newer, controlPlane) }.get()
  }

  /// Checks options that are to replace others.
  ///
  /// An admin listener that was handed over was looked at when it was opened; its number may be
  /// another descriptor's by now. Where a key was needed then, one is needed still.
  private static func validate(
    _ next: RouterOptions,
    former: RouterOptions
  ) throws(ConfigurationError) {
    var checked = next
    if case .listener = next.admin.place {
      guard former.admin.key == nil || next.admin.key != nil else {
        throw ConfigurationError("admin_key_file", "can't be taken away while the router runs")
      }
      checked.admin.place = .off
    }
    try checked.validate()
  }

  private func change(
    to newer: RouterOptions,
    _ controlPlane: ControlPlane
  ) async -> Result<Reconfiguration, RouterError> {
    let former = options
    let next = former.adopting(newer)
    let proxy: ProxyOptions
    do throws(ConfigurationError) {
      try Self.validate(next, former: former)
      if former.isSame(live: next) {
        let generation = await controlPlane.registry.table.generation
        return .success(Reconfiguration(isChanged: false, generation: generation))
      }
      proxy = try next.proxyOptions(numbers)
    } catch { return .failure(.configuration(error)) }
    let outcome = await controlPlane.reconfigure(
      backends: next.backends,
      RegistryChange(
        health: next.health,
        defaultBackend: next.defaultBackend,
        rewrites: next.rewrites
      ),
      prepare: { [self] in
        state.withLock { state in
          state.options = next
          state.pending = proxy
        }
      }
    )
    guard let outcome else { return .failure(.ended) }
    return .success(Reconfiguration(isChanged: true, generation: outcome.generation))
  }
}

/// What became of a change of options.
public struct Reconfiguration: Sendable, Equatable {
  /// False when everything that may change while a router runs was so already.
  public let isChanged: Bool
  /// The generation of the route table that has the change.
  public let generation: UInt64
}

/// One after the other, in the order of their coming.
private actor Turns {
  private var last: Task<Void, Never>?

  func take<Outcome: Sendable>(
    _ work: @escaping @Sendable () async -> Outcome
  ) async -> Outcome {
    let former = last
    let task = Task { () -> Outcome in
      await former?.value
      return await work()
    }
    last = Task { _ = await task.value }
    return await task.value
  }
}
