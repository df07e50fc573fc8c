import OAIRRouting
import OAIRSys
import Synchronization
import TestSupport
import Testing

@testable import OAIRDiscovery

@Suite(.offThePool)
struct FindingsTests {
  private let registry = BackendRegistry(options: RegistryOptions()) { _ in }
  private let told = Told()
  private let changes: AsyncStream<DiscoveryChange>
  private let tell: AsyncStream<DiscoveryChange>.Continuation

  /// What was reported, as text.
  private final class Told: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }

    func take(_ event: ControlPlaneEvent) {
      switch event {
      case .found(let backend, _, let outcome):
        texts.withLock { $0.append("\(backend.id): \(outcome)") }
      case .lost(let id, _): texts.withLock { $0.append("\(id): lost") }
      default: break
      }
    }
  }

  init() {
    (changes, tell) = AsyncStream.makeStream(of: DiscoveryChange.self)
  }

  private func backend(_ id: String, _ number: UInt16, _ source: Backend.Source = .docker)
    -> Backend
  {
    let address = SocketAddress.loopback(port: number)
    return Backend(id: id, kind: .auto, endpoint: Endpoint(address: address), source: source)
  }

  /// Follows the changes until what is to be seen has happened; the time limit ends the wait.
  private func follow(until isDone: @Sendable () async -> Bool) async {
    let own = OwnListeners([.loopback(port: 9_999)])
    let pause = Duration.milliseconds(20)
    let found = Findings("one", registry, own: own, retryPause: pause) { [told] in told.take($0) }
    let task = Task.detached { [changes] in
      var found = found
      await found.follow(changes)
    }
    while await !isDone() { await Task.yield() }
    task.cancel()
    await task.value
  }

  /// As many others as there is room for, less some.
  private func fill(less places: Int) async {
    let most = RoutingLimits.backends - places
    let others = (0..<most).map { backend("other-\($0)", UInt16(10_000 + $0), .admin) }
    await registry.register(contentsOf: others)
  }

  private func isKnown(_ id: String) async -> Bool { await registry.backend(id: id) != nil }

  @Test(.timeLimit(.minutes(5)))
  func `what there was no room for comes when another source has made some`() async {
    await fill(less: 0)
    tell.yield(.appeared(backend("late", 1)))
    let (registry, told) = (registry, told)
    await follow {
      if !told.all.isEmpty { await registry.unregister(id: "other-7", source: .admin) }
      return await registry.backend(id: "late") != nil
    }
    // The refusal is told once, however often it is offered.
    let most = RoutingLimits.backends
    let refusal = RegistrationOutcome.refused("there are \(most) backends already")
    #expect(told.all == ["late: \(refusal)", "late: registered"])
  }

  @Test(.timeLimit(.minutes(5)))
  func `what there was no room for takes the place of one that leaves`() async {
    await fill(less: 1)
    for change in [
      DiscoveryChange.appeared(backend("first", 1)), .appeared(backend("late", 2)),
      .appeared(backend("gone", 3)), .disappeared(id: "gone"), .disappeared(id: "first"),
    ] {
      tell.yield(change)
    }
    let registry = registry
    await follow { await registry.backend(id: "late") != nil }
    let left = (await isKnown("gone"), await isKnown("first"))
    #expect(left == (false, false))
    #expect(told.all.suffix(2) == ["first: lost", "late: registered"])
  }

  @Test(.timeLimit(.minutes(5)))
  func `what leads back here is told and not offered again`() async {
    tell.yield(.appeared(backend("mirror", 9_999)))
    tell.yield(.appeared(backend("other", 1)))
    let registry = registry
    await follow { await registry.backend(id: "other") != nil }
    #expect(await !isKnown("mirror"))
    #expect(told.all.count == 2)
  }
}
