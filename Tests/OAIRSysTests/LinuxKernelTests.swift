import Glibc
import Testing

@testable import OAIRSys

/// A kernel and a pair of connected sockets on it; closes what a test leaves open.
final class LoopbackPair {
  let kernel: LinuxKernel
  private(set) var client: FileDescriptor?
  private(set) var server: FileDescriptor?

  init(_ address: SocketAddress = .loopback(port: 0)) throws {
    kernel = try LinuxKernel()
    let listener = try ListeningSocket(address)
    client = try Self.connect(kernel, to: listener.address)
    let accepted = Self.accept(kernel, listener.owner.descriptor)
    guard case .accepted(let descriptor, _) = accepted else { throw NotAccepted(result: accepted) }
    server = descriptor
  }

  deinit {
    if let client { closeOrTrap(client) }
    if let server { closeOrTrap(server) }
    kernel.shutdown()
  }

  func closeServer() throws {
    closeOrTrap(try #require(server))
    server = nil
  }

  struct NotAccepted: Error { let result: AcceptResult }

  static func connect(
    _ kernel: LinuxKernel,
    to address: SocketAddress
  ) throws -> FileDescriptor {
    switch kernel.connect(to: address) {
    case .connected(let descriptor): return descriptor
    case .inProgress(let descriptor):
      #expect(isReady(descriptor, POLLOUT))
      #expect(kernel.connectError(descriptor) == nil)
      return descriptor
    case .failed(let error): throw error
    }
  }

  /// Waits until a connection is there.
  static func accept(_ kernel: LinuxKernel, _ listener: FileDescriptor) -> AcceptResult {
    #expect(isReady(listener, POLLIN))
    return kernel.accept(listener)
  }

  /// Waits for readiness, at most 10 s.
  static func isReady(_ descriptor: FileDescriptor, _ events: Int32) -> Bool {
    var entry = pollfd(fd: descriptor.raw, events: Int16(events), revents: 0)
    return poll(&entry, 1, 10_000) == 1
  }
}

struct LinuxKernelTests {
  private func receive(
    _ kernel: LinuxKernel,
    _ descriptor: FileDescriptor,
    upTo count: Int
  ) -> (IOResult, [UInt8]) {
    var memory = [UInt8](repeating: 0, count: count)
    let result = memory.withUnsafeMutableBytes { kernel.receive(descriptor, into: $0) }
    guard case .bytes(let received) = result else { return (result, []) }
    return (result, Array(memory[..<received]))
  }

  @Test func `an accepted connection has its peer's address, doesn't block and closes with exec`()
    throws
  {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    let listener = try ListeningSocket(.loopback(port: 0))
    #expect(kernel.accept(listener.owner.descriptor) == .wouldBlock)
    let client = OwnedFD(owning: try LoopbackPair.connect(kernel, to: listener.address))
    let accepted = LoopbackPair.accept(kernel, listener.owner.descriptor)
    guard case .accepted(let descriptor, let peer) = accepted else {
      Issue.record("\(accepted)")
      return
    }
    let server = OwnedFD(owning: descriptor)
    #expect(try peer == ListeningSocket.boundAddress(client.descriptor))
    for raw in [client.descriptor.raw, server.descriptor.raw] {
      #expect(fcntl(raw, F_GETFD) & FD_CLOEXEC != 0)
      #expect(fcntl(raw, F_GETFL) & O_NONBLOCK != 0)
      var isSet: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      #expect(getsockopt(raw, Int32(IPPROTO_TCP), TCP_NODELAY, &isSet, &length) == 0)
      #expect(isSet != 0)
    }
  }

  @Test func `bytes go both ways, and each end says when there is nothing more`() throws {
    let pair = try LoopbackPair()
    let (client, server) = (try #require(pair.client), try #require(pair.server))
    #expect(receive(pair.kernel, server, upTo: 10).0 == .wouldBlock)
    let sent = [UInt8]("hello".utf8).withUnsafeBytes { pair.kernel.send(client, $0) }
    #expect(sent == .bytes(5))
    #expect(LoopbackPair.isReady(server, POLLIN))
    #expect(receive(pair.kernel, server, upTo: 3).1 == Array("hel".utf8))
    #expect(receive(pair.kernel, server, upTo: 3).1 == Array("lo".utf8))
    pair.kernel.shutdownWriting(client)
    #expect(LoopbackPair.isReady(server, POLLIN))
    #expect(receive(pair.kernel, server, upTo: 3).0 == .endOfFile)
    let answered = [UInt8]("!".utf8).withUnsafeBytes { pair.kernel.send(server, $0) }
    #expect(answered == .bytes(1))
    #expect(LoopbackPair.isReady(client, POLLIN))
    #expect(receive(pair.kernel, client, upTo: 3).1 == Array("!".utf8))
  }

  @Test(arguments: [("head ", "body"), ("", "body"), ("head ", "")])
  func `two pieces arrive as one`(first: String, second: String) throws {
    let pair = try LoopbackPair()
    let (client, server) = (try #require(pair.client), try #require(pair.server))
    let sent = Array(first.utf8).withUnsafeBytes { first in
      Array(second.utf8).withUnsafeBytes { pair.kernel.send(client, first, $0) }
    }
    #expect(sent == .bytes(first.utf8.count + second.utf8.count))
    #expect(LoopbackPair.isReady(server, POLLIN))
    #expect(receive(pair.kernel, server, upTo: 100).1 == Array((first + second).utf8))
  }

  @Test func `what the peer's machine has taken is no longer counted`() throws {
    let pair = try LoopbackPair()
    let (client, server) = (try #require(pair.client), try #require(pair.server))
    let piece = [UInt8](repeating: 1, count: 1 << 20)
    while case .bytes = piece.withUnsafeBytes({ pair.kernel.send(client, $0) }) {}
    let full = pair.kernel.unacknowledged(client)
    #expect(full > 0)
    var read = 0
    while read < full, LoopbackPair.isReady(server, POLLIN) {
      read += receive(pair.kernel, server, upTo: 1 << 20).1.count
    }
    let less = pair.kernel.unacknowledged(client)
    #expect(less < full)
  }

  @Test func `a full socket would block instead of waiting`() throws {
    let pair = try LoopbackPair()
    let client = try #require(pair.client)
    let piece = [UInt8](repeating: 1, count: 1 << 20)
    var results: [IOResult] = []
    while results.last != .wouldBlock, results.count < 1000 {
      results.append(piece.withUnsafeBytes { pair.kernel.send(client, $0, $0) })
    }
    #expect(results.last == .wouldBlock)
    let again = piece.withUnsafeBytes { pair.kernel.send(client, $0) }
    #expect(again == .wouldBlock)
  }

  @Test func `a port that nobody listens on refuses`() throws {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    // Bound and not listening: nobody else can take the port meanwhile.
    let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try #require(raw >= 0)
    let holder = OwnedFD(owning: FileDescriptor(raw))
    let bound = SocketAddress.loopback(port: 0).withSockaddr { bind(raw, $0, $1) }
    try #require(bound == 0)
    let address = try ListeningSocket.boundAddress(holder.descriptor)
    switch kernel.connect(to: address) {
    case .failed(let error): #expect(error == .connectionRefused)
    case .inProgress(let descriptor):
      defer { closeOrTrap(descriptor) }
      #expect(LoopbackPair.isReady(descriptor, POLLOUT))
      #expect(kernel.connectError(descriptor) == .connectionRefused)
    case .connected(let descriptor):
      closeOrTrap(descriptor)
      Issue.record("somebody listens at \(address)")
    }
  }

  @Test func `a unix path that isn't there fails at once and leaves nothing open`() throws {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    let directory = try TemporaryDirectory()
    #expect(kernel.connect(to: .unix(directory.file("s"))) == .failed(Errno(ENOENT)))
  }

  @Test func `a unix connection works and has an unnamed peer`() throws {
    let directory = try TemporaryDirectory()
    let pair = try LoopbackPair(.unix(directory.file("s")))
    let (client, server) = (try #require(pair.client), try #require(pair.server))
    let sent = [UInt8]("x".utf8).withUnsafeBytes { pair.kernel.send(client, $0) }
    #expect(sent == .bytes(1))
    #expect(receive(pair.kernel, server, upTo: 9).1 == Array("x".utf8))
  }

  @Test func `writing to a peer that is gone is an error and no signal`() throws {
    // The disposition that would end this process: it must not be reached.
    let former = signal(SIGPIPE, SIG_DFL)
    defer { signal(SIGPIPE, former) }
    let directory = try TemporaryDirectory()
    for address in [SocketAddress.loopback(port: 0), .unix(directory.file("s"))] {
      let pair = try LoopbackPair(address)
      let client = try #require(pair.client)
      try pair.closeServer()
      // TCP takes the first bytes and answers them with a RST.
      var result = IOResult.bytes(1)
      for _ in 0..<100 {
        result = [UInt8]("x".utf8).withUnsafeBytes { pair.kernel.send(client, $0) }
        guard case .bytes = result else { break }
        _ = LoopbackPair.isReady(client, POLLHUP)
      }
      #expect(result == .failed(.brokenPipe) || result == .failed(.connectionReset))
      let both = [UInt8]("x".utf8).withUnsafeBytes { pair.kernel.send(client, $0, $0) }
      #expect(both == .failed(.brokenPipe))
    }
  }

  @Test func `a close can be made a reset`() throws {
    let pair = try LoopbackPair()
    let (client, server) = (try #require(pair.client), try #require(pair.server))
    pair.kernel.resetOnClose(server)
    try pair.closeServer()
    #expect(LoopbackPair.isReady(client, POLLIN))
    #expect(receive(pair.kernel, client, upTo: 1).0 == .failed(.connectionReset))
  }

  @Test func `an edge is reported once, with its token, and again after new bytes`() throws {
    let pair = try LoopbackPair()
    let (client, server) = (try #require(pair.client), try #require(pair.server))
    let token: UInt64 = 0xfedc_ba98_7654_3210
    try pair.kernel.watch(server, token: token, interest: .connectionEdges)
    #expect(pair.kernel.wait(timeoutMilliseconds: 10_000) == 1)
    #expect(pair.kernel.event(0) == PollEvent(token: token, readiness: .writable))
    #expect(pair.kernel.wait(timeoutMilliseconds: 0) == 0)
    for _ in 0..<2 {
      _ = [UInt8]("x".utf8).withUnsafeBytes { pair.kernel.send(client, $0) }
      #expect(pair.kernel.wait(timeoutMilliseconds: 10_000) == 1)
      #expect(pair.kernel.event(0).readiness == [.readable, .writable])
      #expect(pair.kernel.wait(timeoutMilliseconds: 0) == 0, "unread, and yet no second edge")
    }
    pair.kernel.shutdownWriting(client)
    #expect(pair.kernel.wait(timeoutMilliseconds: 10_000) == 1)
    #expect(pair.kernel.event(0).readiness == [.readable, .writable, .peerClosed])
    pair.kernel.unwatch(server)
    try pair.kernel.watch(server, token: 1, interest: .connectionEdges)
    #expect(pair.kernel.wait(timeoutMilliseconds: 10_000) == 1)
    #expect(pair.kernel.event(0).token == 1)
  }

  @Test func `a level is reported until it is used up`() throws {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    let event = try EventFD()
    try kernel.watch(event.descriptor, token: 5, interest: .readableLevel)
    #expect(kernel.wait(timeoutMilliseconds: 0) == 0)
    event.signal()
    for _ in 0..<2 {
      #expect(kernel.wait(timeoutMilliseconds: 10_000) == 1)
      #expect(kernel.event(0) == PollEvent(token: 5, readiness: .readable))
    }
    event.clear()
    #expect(kernel.wait(timeoutMilliseconds: 0) == 0)
  }

  @Test func `watching twice is an error`() throws {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    let event = try EventFD()
    try kernel.watch(event.descriptor, token: 5, interest: .readableLevel)
    #expect(throws: SystemError("epoll_ctl", Errno(EEXIST))) {
      try kernel.watch(event.descriptor, token: 6, interest: .readableLevel)
    }
  }

  @Test func `the clock never goes back and a wait lasts at least its time`() throws {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    let start = kernel.now()
    #expect(kernel.wait(timeoutMilliseconds: 2) == 0)
    #expect(kernel.now() >= start + 2_000_000)
  }
}
