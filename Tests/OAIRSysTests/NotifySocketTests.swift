import Glibc
import Testing

@testable import OAIRSys

struct NotifySocketTests {
  @Test(arguments: ["", "@", "notify", "vsock:2:1", "/a\0b"])
  func `another kind of address is told apart`(place: String) {
    #expect(throws: SystemError("NOTIFY_SOCKET", Errno(EAFNOSUPPORT))) {
      _ = try NotifySocket(place)
    }
  }

  /// 108 bytes of an address: a path's last one is its NUL, an abstract name's first one.
  @Test(arguments: ["/", "@"])
  func `an address has its bound`(first: String) throws {
    _ = try NotifySocket(first + String(repeating: "x", count: 106))
    #expect(throws: SystemError("NOTIFY_SOCKET", Errno(ENAMETOOLONG))) {
      _ = try NotifySocket(first + String(repeating: "x", count: 108))
    }
  }

  @Test func `who isn't there isn't waited for`() throws {
    let socket = try NotifySocket("@oairouter-nobody-\(getpid())")
    #expect(socket.send("READY=1") == .connectionRefused)
    let path = try NotifySocket("/nowhere/at/all")
    #expect(path.send("READY=1") == Errno(ENOENT))
  }
}
