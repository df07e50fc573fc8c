import Synchronization
import Testing

@testable import OAIRDiscovery

struct WatchedFileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test(.timeLimit(.minutes(5)))
  func `what can't be watched is told once, and once more when it can`() async throws {
    try folder.write("f", "a")
    let (news, continuation) = AsyncStream.makeStream(of: FollowedFile.News.self)
    let shared = Shared()
    var file = WatchedFile(
      path: folder("f"),
      watcher: nil,
      news: continuation,
      watch: { _ in shared.trouble.withLock { $0 } }
    )
    for text in ["no", "no", "no", nil, nil, "again"] {
      shared.trouble.withLock { $0 = text }
      _ = await file.look()
    }
    continuation.finish()
    var came: [FollowedFile.News] = []
    for await item in news where item != .looked { came.append(item) }
    let watched: [FollowedFile.News] = [.unwatched("no"), .contents([0x61]), .watched]
    #expect(came == watched + [.unwatched("again")])
  }

  private final class Shared: Sendable {
    let trouble = Mutex<String?>(nil)
  }
}
