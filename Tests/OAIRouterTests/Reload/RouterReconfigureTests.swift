import OAIRDiscovery
import OAIRRouting
import OAIRSys
import OAIRouter
import Testing

struct RouterReconfigureTests {
  private func options(_ ids: [String]) throws -> RouterOptions {
    var options = RouterOptions()
    options.listen = [.loopback(port: 0)]
    options.backends = try ids.enumerated().map {
      try ConfiguredBackend(id: $1, url: "http://10.255.0.\($0 + 1):1", models: ["m-\($1)"])
    }
    return options
  }

  @Test(.timeLimit(.minutes(5)))
  func `options are taken over, or rejected as a whole`() async throws {
    let router = try Router(try options(["a"]))
    async let run: Void = router.run()
    var next = try options(["a", "b"])
    next.rewrites.aliases = ["x": "m-b"]
    next.listen = []
    next.proxy.limits.body = 1
    let outcome = try await router.reconfigure(next)
    #expect(outcome.isChanged)
    #expect(await router.registry.snapshot().map(\.backend.id) == ["a", "b"])

    // What can't change while it runs isn't looked at; the rest is the same.
    let again = try await router.reconfigure(next)
    #expect(!again.isChanged)
    next.rewrites.aliases = ["x": "x"]
    next.backends = []
    await #expect(throws: RouterError.self) { try await router.reconfigure(next) }
    #expect(await router.registry.snapshot().map(\.backend.id) == ["a", "b"])

    // Many at one time: one after the other, the last one holds.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<5 {
        let wanted = try options((0...number).map { "n\($0)" })
        group.addTask { try await router.reconfigure(wanted) }
      }
      try await group.waitForAll()
    }
    try await router.reconfigure(try options(["z"]))
    #expect(await router.registry.snapshot().map(\.backend.id) == ["z"])

    router.stop()
    try await run
    // Also with what holds already.
    for ids in [["a"], ["z"]] {
      let failure = await #expect(throws: RouterError.self) {
        try await router.reconfigure(try options(ids))
      }
      guard case .ended = failure else {
        Issue.record("\(ids): \(String(describing: failure))")
        continue
      }
    }
  }
}
