import FoundationEssentials
import OAIRDiscovery
import OAIRouter
import Testing

@testable import oairouter

struct ConfigurationReloaderTests {
  /// A router that goes by a file of its own, and what its reloads have come to.
  private final class Reloading: Sendable {
    let path: String
    let router: Router
    let reloader: ConfigurationReloader
    let news: AsyncStream<FollowedFile.News>.Continuation
    private let ends: AsyncStream<String?>
    private let tasks: [Task<Void, any Error>]

    init(_ text: String) throws {
      path = try ConfigurationReloaderTests.scratchFile()
      let bytes = Array(text.utf8)
      let source = ConfigurationSource(file: path, flags: [:], environment: [:])
      let setup = RouterSetup(settings: try source.settings(of: bytes), discover: [.off])
      var options = try setup.options()
      options.listen = [.loopback(port: 0)]
      options.admin.place = .off
      let (ends, end) = AsyncStream.makeStream(of: String?.self)
      self.ends = ends
      let (stream, news) = AsyncStream.makeStream(of: FollowedFile.News.self)
      self.news = news
      let router = try Router(options)
      self.router = router
      let reloader = ConfigurationReloader(
        source,
        setup: setup,
        options: options,
        demo: nil,
        router: router,
        record: ReloadRecord(),
        observer: ReloadObserver(ended: { end.yield($0) })
      )
      self.reloader = reloader
      tasks = [
        Task { try await router.run() }, Task { await reloader.run(bytes: bytes, news: stream) },
      ]
    }

    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

    func told(_ text: String) { news.yield(.contents(Array(text.utf8))) }

    /// What was wrong with the next one; nil when it holds.
    func end() async -> String? {
      for await trouble in ends { return trouble }
      return "nothing has ended"
    }

    func ids() async -> [String] { await router.registry.snapshot().map(\.backend.id) }

    func stop() async throws {
      router.stop()
      try await tasks[0].value
      // The reloader's own task ends with the news, and the other one when it is cancelled.
      news.finish()
      tasks[1].cancel()
      try await tasks[1].value
      try FileManager.default.removeItem(atPath: path)
    }
  }

  private static func scratchFile() throws -> String {
    let path = "/tmp/oairouter-reload-\(UInt64.random(in: 0...UInt64.max)).yaml"
    try Data().write(to: URL(filePath: path))
    return path
  }

  private func file(_ id: String) -> String {
    "backends: [{id: \(id), url: \"http://127.0.0.1:1\", models: [m]}]\n"
  }

  @Test(.timeLimit(.minutes(5)))
  func `what a file had before never takes the place of what it has`() async throws {
    let own = try Reloading(file("a"))
    try own.write(file("c"))
    // Heard of before the newest, and taken up after it.
    own.told(file("b"))
    own.news.yield(.unreadable("it isn't there"))
    own.told(file("c"))
    #expect(await own.end() == nil)
    #expect(await own.ids() == ["c"])
    own.reloader.request()
    #expect(await own.end() == nil)
    own.told(file("b"))
    own.reloader.request()
    #expect(await own.end() == nil)
    #expect(await own.ids() == ["c"])
    try await own.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `an empty file is rejected on command, too, and {} isn't one`() async throws {
    let own = try Reloading(file("a"))
    _ = await own.router.firstListing()
    for text in ["", " \n\t\r\n"] {
      try own.write(text)
      // The second time as well.
      for _ in 0..<2 {
        own.reloader.request()
        let trouble = await own.end()
        #expect(trouble?.hasPrefix("the file is empty") == true)
      }
      #expect(await own.ids() == ["a"])
    }
    try own.write("{}")
    own.reloader.request()
    #expect(await own.end() == nil)
    #expect(await own.ids() == [])
    try await own.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `a file that was empty at the start may stay so`() async throws {
    let own = try Reloading("")
    own.reloader.request()
    #expect(await own.end() == nil)
    try await own.stop()
  }
}
