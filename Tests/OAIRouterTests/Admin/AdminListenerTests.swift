import Glibc
import OAIRSys
import Testing

@testable import OAIRouter

struct AdminListenerTests {
  private func listener(_ opening: AdminListener.Opening) -> AdminListener? {
    if case .opened(let listener) = opening { listener } else { nil }
  }

  private func reason(_ opening: AdminListener.Opening) -> String? {
    if case .none(let reason) = opening { reason } else { nil }
  }

  @Test func `its socket is for its owner alone, and goes with it`() throws {
    let folder = try TemporaryFolder()
    let opened = try #require(listener(AdminListener.open(in: folder.path)))
    #expect(opened.address == .unix(folder.path + "/admin.sock"))
    #expect(folder.mode("admin.sock") == 0o600)
    opened.hold.removeFile()
    #expect(folder.mode("admin.sock") == 0)
  }

  @Test func `the folder is made if it isn't there, for its owner alone`() throws {
    let folder = try TemporaryFolder()
    rmdir(folder.path)
    #expect(listener(AdminListener.open(in: folder.path)) != nil)
    #expect(folder.mode() == 0o700)
  }

  @Test func `a second router has its process id in the name, a third one isn't served`() throws {
    let folder = try TemporaryFolder()
    let first = try #require(listener(AdminListener.open(in: folder.path)))
    let second = try #require(listener(AdminListener.open(in: folder.path)))
    #expect(first.address == .unix(folder.path + "/admin.sock"))
    #expect(second.address == .unix(folder.path + "/admin-\(getpid()).sock"))
    #expect(reason(AdminListener.open(in: folder.path))?.contains("admin-") == true)
  }

  @Test func `a dead router's socket is replaced`() throws {
    let folder = try TemporaryFolder()
    do { _ = try ListeningSocket(.unix(folder.path + "/admin.sock")) }
    let opened = try #require(listener(AdminListener.open(in: folder.path)))
    #expect(opened.address == .unix(folder.path + "/admin.sock"))
  }

  @Test func `a folder that others may write to isn't used`() throws {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o777)
    #expect(reason(AdminListener.open(in: folder.path))?.contains("nobody else") == true)
  }

  @Test func `a path that is too long is told, not cut`() throws {
    let folder = try TemporaryFolder()
    let long = folder.path + String(repeating: "/.", count: 50)
    #expect(reason(AdminListener.open(in: long))?.contains("too long") == true)
  }

  @Test func `an address that was asked for is an error when it can't be had`() throws {
    var options = RouterOptions()
    options.admin.place = .at(.unix("/nowhere/at/all/x"))
    #expect(throws: RouterError.self) { try AdminListener.open(options) }
  }

  @Test func `none is opened when none is wanted`() throws {
    guard case .none(reason: nil) = try AdminListener.open(RouterOptions()) else {
      Issue.record("opened, or a reason")
      return
    }
  }
}
