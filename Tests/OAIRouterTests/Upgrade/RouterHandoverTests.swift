import Glibc
import OAIRSys
import Testing

@testable import OAIRouter

struct RouterHandoverTests {
  private func options(_ folder: TemporaryFolder) -> RouterOptions {
    var options = RouterOptions()
    options.listen = [.unix(folder.path + "/other")]
    options.admin.place = .at(.unix(folder.path + "/admin.sock"))
    options.upgrade = { _ in .refused(reason: "") }
    return options
  }

  private func close(_ listeners: [HandedListener]) {
    for listener in listeners { _ = OwnedFD(owning: listener.descriptor) }
  }

  @Test func `only a router that may be replaced hands anything over`() throws {
    let folder = try TemporaryFolder()
    var options = options(folder)
    let handed = try #require(try Router(options).handedListeners())
    #expect(handed.map(\.role) == [.clients, .administrators])
    #expect(handed.map(\.ownsFile) == [true, true])
    close(handed)
    options.upgrade = nil
    #expect(try Router(options).handedListeners() == nil)
  }

  @Test(.timeLimit(.minutes(5)))
  func `the next one serves by the same files, and the last one removes them`() async throws {
    let folder = try TemporaryFolder()
    let former = try Router(options(folder))
    let running = Task { try await former.run() }
    let handed = try #require(try former.handedListeners())
    var options = options(folder)
    options.listen = []
    options.listeners = [handed[0].descriptor]
    options.admin.place = .listener(handed[1].descriptor)
    options.adoptedListeners = Set(handed.map(\.descriptor))
    let next = try Router(options)
    close(handed)
    former.retire()
    try await running.value
    #expect(try former.handedListeners() == nil)
    #expect(folder.mode("other") != 0 && folder.mode("admin.sock") == 0o600)
    let last = Task { try await next.run() }
    next.drain()
    try await last.value
    #expect(folder.mode("other") == 0 && folder.mode("admin.sock") == 0)
  }

  @Test(.timeLimit(.minutes(5)))
  func `files stay where another process still serves by them`() async throws {
    let folder = try TemporaryFolder()
    let router = try Router(options(folder))
    router.leaveFiles(true)
    router.drain()
    try await router.run()
    #expect(folder.mode("other") != 0 && folder.mode("admin.sock") == 0o600)
  }

  @Test(.timeLimit(.minutes(5)))
  func `who drains hands nothing over`() async throws {
    let folder = try TemporaryFolder()
    let router = try Router(options(folder))
    router.drain()
    #expect(try router.handedListeners() == nil)
    try await router.run()
    #expect(folder.mode("other") == 0 && folder.mode("admin.sock") == 0)
  }

  @Test(.timeLimit(.minutes(5)))
  func `nobody is accepted before it is time, and what keeps it from serving is thrown`()
    async throws
  {
    struct NotNow: Error {}
    let folder = try TemporaryFolder()
    let router = try Router(options(folder))
    await #expect(throws: NotNow.self) { try await router.run { _ in throw NotNow() } }
    #expect(folder.mode("other") == 0 && folder.mode("admin.sock") == 0)
  }
}
