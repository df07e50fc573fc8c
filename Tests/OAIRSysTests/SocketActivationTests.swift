import Glibc
import Testing

@testable import OAIRSys

struct SocketActivationTests {
  private func sockets(
    _ pid: String?,
    _ count: String?,
    _ names: String? = nil
  ) throws -> [ActivatedSocket] {
    try SocketActivation.sockets(pid: pid, count: count, names: names, own: 7)
  }

  @Test func `descriptors begin at 3, with their names`() throws {
    #expect(
      try sockets("7", "2", "http:admin") == [
        ActivatedSocket(name: "http", descriptor: FileDescriptor(3)),
        ActivatedSocket(name: "admin", descriptor: FileDescriptor(4)),
      ]
    )
    #expect(try sockets("7", "1").map(\.name) == [""])
    // An empty name is one, too.
    #expect(try sockets("7", "2", ":admin").map(\.name) == ["", "admin"])
  }

  @Test func `what isn't for this process isn't taken`() throws {
    #expect(try sockets("8", "1") == [])
    #expect(try sockets(nil, "1") == [])
    #expect(try sockets("7", nil) == [])
    #expect(try sockets("7", "0", "") == [])
    // Its other variables aren't looked at.
    #expect(try sockets("8", "x", "a:b:c") == [])
  }

  @Test func `a parent's word takes the place of the process id, if it is the parent`() {
    func pid(_ said: String?, _ parent: Int32?) -> String? {
      SocketActivation.receiver(said, from: parent, own: 7, actual: 5)
    }
    #expect(pid("7", nil) == "7")
    #expect(pid("8", nil) == "8")
    #expect(pid(nil, 5) == "7")
    #expect(pid("8", 5) == "7")
    #expect(pid("7", 6) == nil)
  }

  @Test(arguments: [
    ("x", "1", nil), ("7", "x", nil), ("7", "-1", nil), ("7", "65", nil), ("7", "1", "a:b"),
    ("7", "2", "a"),
  ])
  func `contradictions are told`(pid: String, count: String, names: String?) {
    #expect(throws: SocketActivation.Failure.self) { try sockets(pid, count, names) }
  }

  @Test func `a listener is told from what isn't one`() throws {
    let listener = try ListeningSocket(.loopback(port: 0))
    #expect(SocketActivation.problem(of: listener.owner.descriptor) == nil)
    let event = try EventFD()
    #expect(SocketActivation.problem(of: event.descriptor) == "isn't a socket")
    let bound = try BoundSocket(.loopback(port: 0))
    let listening = try bound.listen()
    #expect(SocketActivation.problem(of: listening.owner.descriptor) == nil)
  }
}
