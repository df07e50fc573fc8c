import Glibc
import OAIRSys
import Testing

struct InotifyFDTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/oairouter-test-XXXXXX".utf8CString)
    folder = String(cString: mkdtemp(&template))
  }

  private func touch(_ name: String) throws {
    let file = creat("\(folder)/\(name)", 0o644)
    try #require(file >= 0)
    close(file)
  }

  @Test func `names that come, go and are written are told, in order`() throws {
    defer { rmdir(folder) }
    let inotify = try InotifyFD()
    #expect(inotify.read().isEmpty)
    let watch = try inotify.watch(folder)
    #expect(try inotify.watch(folder) == watch)
    try touch("a")
    #expect(rename("\(folder)/a", "\(folder)/b") == 0)
    #expect(symlink("b", "\(folder)/c") == 0)
    #expect(unlink("\(folder)/b") == 0 && unlink("\(folder)/c") == 0)
    let notices: [InotifyFD.Notice] = [
      .created(watch, name: "a"), .changed(watch, name: "a"), .changed(watch, name: "a"),
      .changed(watch, name: "b"), .created(watch, name: "c"), .changed(watch, name: "b"),
      .changed(watch, name: "c"),
    ]
    #expect(inotify.read() == notices)
  }

  @Test func `a folder that goes is told; one that isn't watched any more isn't`() throws {
    let inotify = try InotifyFD()
    let watch = try inotify.watch(folder)
    #expect(rmdir(folder) == 0)
    #expect(inotify.read().allSatisfy { $0 == .gone(watch) })
    #expect(throws: SystemError.self) { try inotify.watch(folder) }
    #expect(mkdir(folder, 0o755) == 0)
    defer { rmdir(folder) }
    let next = try inotify.watch(folder)
    inotify.unwatch(next)
    inotify.unwatch(next)
    try touch("a")
    unlink("\(folder)/a")
    #expect(inotify.read().allSatisfy { $0 == .gone(next) })
  }
}
