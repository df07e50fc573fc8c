import Glibc
import OAIRSys
import Testing

@testable import OAIRouter

struct AdminFolderTests {
  @Test(
    arguments: [
      ([:], nil), (["XDG_RUNTIME_DIR": "/x"], "/x/oairouter"),
      (["RUNTIME_DIRECTORY": "/r", "XDG_RUNTIME_DIR": "/x"], "/r"),
      (["RUNTIME_DIRECTORY": "/r:/s"], "/r"),
    ] as [([String: String], String?)]
  )
  func `a service's folder goes before a user's`(variables: [String: String], folder: String?) {
    #expect(AdminFolder.own { variables[$0] } == folder)
  }

  @Test func `only sockets that somebody listens on are running routers`() throws {
    let folder = try TemporaryFolder()
    #expect(AdminFolder.running(in: [folder.path, "/nowhere/at/all"]) == [])
    let first = try ListeningSocket(.unix(folder.path + "/admin.sock"))
    do { _ = try ListeningSocket(.unix(folder.path + "/admin-1.sock")) }
    let other = try ListeningSocket(.unix(folder.path + "/other"))
    #expect(AdminFolder.running(in: [folder.path, folder.path]) == [first.address])
    let second = try ListeningSocket(.unix(folder.path + "/admin-1.sock"))
    #expect(AdminFolder.running(in: [folder.path]) == [second.address, first.address])
    #expect(other.address.port == nil)
  }
}
