import Glibc
@testable import OAIRSys
import Synchronization
import Testing

/// A server that does with each request what a test says.
///
/// It shares no code with what it tests: blocking sockets, a thread per connection.
final class ScriptedServer: Sendable {
  /// What to do with a request.
  enum Reaction: Sendable {
    /// Send the pieces one by one, then close.
    case respond([String])
    /// Send the text, then wait until the client closes.
    case respondAndHold(String)
    /// Send the text over and over until the client closes.
    case flood(String, with: String)
    /// Send the text, then whatever comes out of a pipe, piece by piece; its end closes.
    case relay(String, from: Int32)
    /// Close with a RST.
    case reset
  }

  let address: SocketAddress
  private let listener: Int32
  private let react: @Sendable (String) -> Reaction
  private let log = Mutex<[String]>([])
  private let heads: AsyncStream<String>
  private let headContinuation: AsyncStream<String>.Continuation
  private let closes: AsyncStream<Void>
  private let closeContinuation: AsyncStream<Void>.Continuation

  /// Listens on any free port of 127.0.0.1, on the port given, or on a unix path.
  init(
    port: UInt16 = 0,
    path: String? = nil,
    react: @escaping @Sendable (_ target: String) -> Reaction
  ) throws(SystemError) {
    self.react = react
    (heads, headContinuation) = AsyncStream.makeStream(of: String.self)
    (closes, closeContinuation) = AsyncStream.makeStream(of: Void.self)
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    if let path {
      listener = socket(AF_UNIX, type, 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
      try Self.bind(listener, &name, MemoryLayout<sockaddr_un>.size)
      address = .unix(path)
    } else {
      listener = socket(AF_INET, type, 0)
      var on: Int32 = 1
      setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      name.sin_port = port.bigEndian
      try Self.bind(listener, &name, MemoryLayout<sockaddr_in>.size)
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let listener = listener
      withUnsafeMutableBytes(of: &name) {
        _ = getsockname(listener, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
      }
      address = .loopback(port: UInt16(bigEndian: name.sin_port))
    }
    guard listen(listener, 64) == 0 else { throw SystemError("listen", Errno(errno)) }
    Self.spawn { self.acceptAll() }
  }

  private static func bind<Name>(
    _ descriptor: Int32,
    _ name: inout Name,
    _ size: Int
  ) throws(SystemError) {
    let result = withUnsafeBytes(of: &name) {
      Glibc.bind(
        descriptor,
        $0.baseAddress?.assumingMemoryBound(to: sockaddr.self),
        socklen_t(size)
      )
    }
    guard result == 0 else { throw SystemError("bind", Errno(errno)) }
  }

  /// The targets asked for so far.
  var targets: [String] {
    log.withLock { $0.map { String($0.split(separator: " ").dropFirst().first ?? "") } }
  }

  /// The head of the next request, when it comes.
  func nextHead() async -> String? {
    var iterator = heads.makeAsyncIterator()
    return await iterator.next()
  }

  /// Returns when the client has closed a connection that was held.
  func waitForClose() async {
    var iterator = closes.makeAsyncIterator()
    _ = await iterator.next()
  }

  /// Lets an answer take its time: for reactions, which have a thread of their own.
  static func wait(until time: ContinuousClock.Instant) {
    var left = time - .now
    while left > .zero {
      poll(nil, 0, Int32(left / .milliseconds(1)) + 1)
      left = time - .now
    }
  }

  /// Refuses connections from now on.
  func stop() {
    // Wakes accept, whose thread then closes the descriptor.
    shutdown(listener, Int32(SHUT_RDWR))
  }

  /// Stops, and returns when nobody listens any more.
  func stopAndWait() async {
    stop()
    for await _ in heads {}
  }

  private func acceptAll() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      Self.spawn { self.serve(connection) }
    }
    close(listener)
    headContinuation.finish()
  }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    guard let head = Self.readHead(connection) else { return }
    log.withLock { $0.append(head) }
    headContinuation.yield(head)
    let target = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    switch react(target) {
    case .respond(let pieces):
      for piece in pieces where !Self.sendAll(connection, piece) { return }
    case .respondAndHold(let text):
      _ = Self.sendAll(connection, text)
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      closeContinuation.yield()
    case .flood(let text, let filler):
      guard Self.sendAll(connection, text) else { return }
      while Self.sendAll(connection, filler) {}
      closeContinuation.yield()
    case .relay(let text, let pipe):
      relay(text, from: pipe, to: connection)
    case .reset:
      var hard = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        connection,
        SOL_SOCKET,
        SO_LINGER,
        &hard,
        socklen_t(MemoryLayout<linger>.size)
      )
    }
  }

  private func relay(_ text: String, from pipe: Int32, to connection: Int32) {
    defer { close(pipe) }
    var isOpen = Self.sendAll(connection, text)
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while isOpen {
      var ends = [
        pollfd(fd: pipe, events: Int16(POLLIN), revents: 0),
        pollfd(fd: connection, events: Int16(POLLIN), revents: 0),
      ]
      // A client sends nothing more: what can be read there is its end.
      guard poll(&ends, 2, -1) > 0, ends[1].revents == 0 else { break }
      let count = read(pipe, &buffer, buffer.count)
      guard count > 0 else { break }
      isOpen = Self.sendAll(connection, String(decoding: buffer[..<count], as: UTF8.self))
    }
    closeContinuation.yield()
  }

  private static func readHead(_ connection: Int32) -> String? {
    var head: [UInt8] = []
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      guard recv(connection, &byte, 1, 0) == 1 else { return nil }
      head.append(byte)
    }
    return String(decoding: head, as: UTF8.self)
  }

  private static func sendAll(_ connection: Int32, _ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func spawn(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
      &thread,
      nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      },
      box
    )
    pthread_detach(thread)
  }
}

/// An answer with a body of known length.
func answer(_ body: String, status: Int = 200, fields: String = "") -> String {
  "HTTP/1.1 \(status) X\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// A path for a unix socket that nobody else uses.
func socketPath() -> String { "/tmp/oairouter-test-\(getpid())-\(UInt64.random(in: 0 ... .max))" }

/// An address of this machine where nobody listens.
///
/// The port stays bound until the process ends: another test can't be given it meanwhile.
func closedAddress() throws -> SocketAddress {
  let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  try #require(raw >= 0)
  let bound = SocketAddress.loopback(port: 0).withSockaddr { bind(raw, $0, $1) }
  try #require(bound == 0)
  return try ListeningSocket.boundAddress(FileDescriptor(raw))
}
