import Glibc
import OAIRAdmin
import OAIRSys
import Synchronization
import TestSupport
import Testing

/// A client with a deadline.
///
/// It waits on a thread of its own: the server's answers are made on the cooperative ones.
final class Caller: Sendable {
  struct Refused: Error {}

  private let raw: Int32

  init(_ port: UInt16) throws {
    raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    // The whole suite shares the pool that answers are made on: its length is no failure.
    var limit = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Refused() }
  }

  deinit { close(raw) }

  func send(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { Glibc.send(raw, $0.baseAddress, $0.count, 0x4000) }
  }

  /// What comes until the other side ends it, or `mark` has come; nil when it was reset.
  func read(until mark: String? = nil) async -> String? {
    await withCheckedContinuation { continuation in
      OwnThread.start("caller") { continuation.resume(returning: self.receive(until: mark)) }
    }
  }

  private func receive(until mark: String?) -> String? {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(raw, &block, block.count, 0)
      if count < 0 { return nil }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += block[..<count]
      let text = String(decoding: bytes, as: UTF8.self)
      if let mark, text.hasSuffix(mark) { return text }
    }
  }
}

@Suite(.offThePool)
struct AdminServerTests {
  private func serve(
    key: AdminKey? = nil,
    _ answer: @escaping AdminServer.Handler = { AdminResponse(200, Array($0.path.utf8)) }
  ) throws -> (AdminServer, UInt16) {
    let listener = try ListeningSocket(.loopback(port: 0))
    let port = try #require(listener.address.port)
    // In the pool an answer could have to wait for longer than one may take.
    let server = try AdminServer(
      listener,
      key: key,
      executor: OffThePool.executor,
      answer: answer
    )
    return (server, port)
  }

  @Test func `requests on one connection are answered in order, also when they come at once`()
    async throws
  {
    let (server, port) = try serve()
    let caller = try Caller(port)
    caller.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(await caller.read(until: "/b")?.contains("/aHTTP/1.1 200") == true)
    caller.send("GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(await caller.read()?.hasSuffix("Connection: close\r\n\r\n/c") == true)
    await server.stop()
  }

  @Test func `a refusal reaches a client that still sends`() async throws {
    let (server, port) = try serve(key: AdminKey("0123456789abcdef"))
    let caller = try Caller(port)
    let body = String(repeating: "x", count: 900_000)
    caller.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n\(body)")
    #expect(await caller.read()?.hasPrefix("HTTP/1.1 401 ") == true)
    await server.stop()
  }

  @Test func `beyond the bound the connection that waited longest makes room`() async throws {
    let (server, port) = try serve()
    let first = try Caller(port)
    var others: [Caller] = []
    for _ in 0..<AdminLimits.connections {
      let caller = try Caller(port)
      caller.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(await caller.read(until: "/x") != nil)
      others.append(caller)
    }
    #expect(await first.read() == "")
    others[AdminLimits.connections - 1].send("GET /y HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(await others[AdminLimits.connections - 1].read(until: "/y") != nil)
    await server.stop()
  }

  @Test func `when all are at work the next one waits for one of them to end`() async throws {
    let gate = Gate()
    let (server, port) = try serve { request in
      await gate.pass()
      return AdminResponse(200, Array(request.path.utf8))
    }
    var callers: [Caller] = []
    for index in 0...AdminLimits.connections {
      let caller = try Caller(port)
      caller.send("GET /\(index) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      callers.append(caller)
    }
    await gate.wait(for: AdminLimits.connections)
    gate.open()
    for (index, caller) in callers.enumerated() {
      #expect(await caller.read()?.hasSuffix("\r\n\r\n/\(index)") == true)
    }
    await server.stop()
  }

  @Test func `an answer under way is given when it stops, and nothing after it`() async throws {
    let gate = Gate()
    let (server, port) = try serve { _ in
      await gate.pass()
      return AdminResponse(200, Array("late".utf8))
    }
    let caller = try Caller(port)
    caller.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await gate.wait(for: 1)
    async let end: Void = server.stop()
    gate.open()
    #expect(await caller.read()?.hasSuffix("late") == true)
    await end
    await server.stop()
    #expect(throws: Caller.Refused.self) { try Caller(port) }
  }

  @Test func `a client that leaves before its answer costs nothing`() async throws {
    let gate = Gate()
    let (server, port) = try serve { _ in
      await gate.pass()
      return AdminResponse(200)
    }
    do {
      let caller = try Caller(port)
      caller.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      await gate.wait(for: 1)
    }
    gate.open()
    let next = try Caller(port)
    next.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(await next.read()?.hasPrefix("HTTP/1.1 200 ") == true)
    await server.stop()
  }
}

/// Holds tasks until it is opened, and tells how many have come.
private final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var held: [CheckedContinuation<Void, Never>] = []
    var count = 0
    var waiting: (count: Int, CheckedContinuation<Void, Never>)?
  }

  private let state = Mutex(State())

  func pass() async {
    await withCheckedContinuation { continuation in
      let (passes, told) = state.withLock { state in
        state.count += 1
        if !state.isOpen { state.held.append(continuation) }
        var told: CheckedContinuation<Void, Never>?
        if let waiting = state.waiting, waiting.count <= state.count {
          told = waiting.1
          state.waiting = nil
        }
        return (state.isOpen, told)
      }
      if passes { continuation.resume() }
      told?.resume()
    }
  }

  func wait(for count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.count < count { state.waiting = (count, continuation) }
        return state.count >= count
      }
      if isThere { continuation.resume() }
    }
  }

  func open() {
    let held = state.withLock { state in
      state.isOpen = true
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }
}
