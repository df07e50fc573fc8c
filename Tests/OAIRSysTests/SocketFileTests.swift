import Glibc
import OAIRSys
import Testing

struct SocketFileTests {
  @Test func `its own file is removed`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("s")
    let listener = try ListeningSocket(.unix(path))
    let file = try #require(SocketFile(path))
    file.remove()
    #expect(access(path, F_OK) != 0)
    #expect(listener.address == .unix(path))
  }

  @Test func `a file that another one has put in its place stays`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("s")
    let first = try ListeningSocket(.unix(path))
    let file = try #require(SocketFile(path))
    // The name goes, the inode stays in use: the second one can't get its number.
    #expect(rename(path, directory.file("f")) == 0)
    let second = try ListeningSocket(.unix(path))
    file.remove()
    #expect(access(path, F_OK) == 0)
    #expect(first.address == second.address)
  }

  @Test func `what isn't a socket isn't one`() throws {
    let directory = try TemporaryDirectory()
    #expect(SocketFile(directory.path) == nil)
    #expect(SocketFile(directory.file("no")) == nil)
  }
}
