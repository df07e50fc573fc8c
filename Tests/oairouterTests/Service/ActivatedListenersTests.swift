import OAIRouter
import Testing

@testable import oairouter

struct ActivatedListenersTests {
  private func socket(_ name: String, _ number: Int32) -> ActivatedSocket {
    ActivatedSocket(name: name, descriptor: FileDescriptor(number))
  }

  @Test func `names say whom they are for`() throws {
    let listeners = try ActivatedListeners([
      socket("http", 3), socket("admin", 4), socket("oairouter.socket", 5), socket("unknown", 6),
      socket("", 7),
    ])
    #expect(listeners.clients.map(\.raw) == [3, 5, 6, 7])
    #expect(listeners.admin?.raw == 4)
  }

  @Test func `a name that isn't known is an error, and so is a second admin`() {
    #expect(throws: CommandFailure.self) { try ActivatedListeners([socket("htp", 3)]) }
    // A unit's own name, which may be anything: clients must not get an administrators' listener.
    let failure = #expect(throws: CommandFailure.self) {
      try ActivatedListeners([socket("http", 3), socket("x-admin.socket", 4)])
    }
    #expect(failure?.text.contains("'x-admin.socket', its unit's name") == true)
    #expect(failure?.text.contains("FileDescriptorName=") == true)
    #expect(throws: CommandFailure.self) {
      try ActivatedListeners([socket("admin", 3), socket("admin", 4)])
    }
  }

  @Test func `a predecessor's own come with their files`() throws {
    var note = HandoverNote(parent: 1, channel: 9)
    note.owned = [1, 7]
    let sockets = [socket("http", 3), socket("admin", 4)]
    let listeners = try ActivatedListeners(sockets, note)
    #expect(listeners.adopted == [FileDescriptor(4)])
    var options = RouterOptions()
    listeners.apply(to: &options)
    #expect(options.adoptedListeners == [FileDescriptor(4)])
    #expect(try ActivatedListeners(sockets).adopted.isEmpty)
  }

  @Test func `they replace what is listened on, and nothing else`() throws {
    var options = RouterOptions()
    options.fallbackPort = 11435
    try ActivatedListeners([]).apply(to: &options)
    #expect(options.listen == [.loopback(port: 11434)] && options.fallbackPort == 11435)
    try ActivatedListeners([socket("admin", 3)]).apply(to: &options)
    #expect(options.listen == [.loopback(port: 11434)])
    #expect(options.admin.place == .listener(FileDescriptor(3)))
    try ActivatedListeners([socket("http", 4)]).apply(to: &options)
    #expect(options.listen.isEmpty && options.fallbackPort == nil)
    #expect(options.listeners == [FileDescriptor(4)])
  }
}
