import Glibc
import Testing

@testable import OAIRDiscovery

struct FileReadingTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func look(
    _ name: String = "f",
    _ former: FileStamp? = nil,
    isWhole: Bool = true
  ) -> FileReading { FileReading.look(folder(name), former: former, isWhole: isWhole) }

  @Test func `contents come with a stamp that tells them from the next`() throws {
    try folder.write("f", "one")
    guard case .contents(let bytes, let stamp) = look() else { Issue.record("unread"); return }
    #expect(bytes == Array("one".utf8))
    guard case .unchanged = look("f", stamp) else { Issue.record("changed"); return }
    try folder.replace("f", "two")
    guard case .contents(let next, let second) = look("f", stamp) else {
      Issue.record("unread")
      return
    }
    #expect(next == Array("two".utf8) && second != stamp)
  }

  @Test func `a file that was just written may not be whole, unless it's known to be`() throws {
    try folder.write("f", "one")
    guard case .unsettled = look(isWhole: false) else { Issue.record("settled"); return }
    // Long ago: access time, then modification time.
    var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    #expect(utimensat(AT_FDCWD, folder("f"), &times, 0) == 0)
    guard case .contents = look(isWhole: false) else { Issue.record("unsettled"); return }
  }

  @Test func `what can't be read is told, and nothing waits for it`() throws {
    func reason(_ reading: FileReading) -> String? {
      if case .failed(let reason) = reading { reason } else { nil }
    }
    #expect(reason(look("missing")) == "No such file or directory")
    #expect(reason(FileReading.look(folder.path, former: nil, isWhole: true)) != nil)
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    #expect(reason(look("pipe")) == "it isn't a regular file")
    try folder.write("large", String(repeating: "x", count: DiscoveryLimits.backendFile + 1))
    #expect(reason(look("large")) == "it is larger than 1048576 bytes")
  }
}
