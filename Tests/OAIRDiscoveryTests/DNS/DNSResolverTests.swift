#if DNS
  import COAIRSys
  import Glibc
  @testable import OAIRSys
  import Synchronization
  import Testing

  @testable import OAIRDiscovery

  /// A name server of a test's making on a UDP port of its own.
  private final class NameServer: Sendable {
    let address: SocketAddress
    private let socket: Int32
    private let asked = Mutex<[String]>([])

    /// - Parameter answer: the response to a question for a name and a type; nil for silence.
    init(_ answer: @escaping @Sendable (UInt16, String, UInt16) -> WireMessage?) throws {
      socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      let wanted = SocketAddress.loopback(port: 0)
      let raw = socket
      try #require(wanted.withSockaddr { bind(raw, $0, $1) } == 0)
      address = try ListeningSocket.boundAddress(FileDescriptor(socket))
      OwnThread.start("test-dns") { [self] in serve(answer) }
    }

    var questions: [String] { asked.withLock { $0 } }

    /// Ends its thread; its port is closed.
    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    private func serve(_ answer: (UInt16, String, UInt16) -> WireMessage?) {
      var buffer = [UInt8](repeating: 0, count: 1_500)
      while true {
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = withUnsafeMutablePointer(to: &peer) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            recvfrom(socket, &buffer, buffer.count, 0, $0, &length)
          }
        }
        guard count > 12 else { break }
        let (name, end) = Self.name(buffer, at: 12)
        let type = UInt16(buffer[end]) << 8 | UInt16(buffer[end + 1])
        asked.withLock { $0.append("\(type) \(name)") }
        let id = UInt16(buffer[0]) << 8 | UInt16(buffer[1])
        guard let message = answer(id, name, type) else { continue }
        _ = withUnsafePointer(to: &peer) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            sendto(socket, message.bytes, message.bytes.count, 0, $0, length)
          }
        }
      }
      close(socket)
    }

    private static func name(_ bytes: [UInt8], at start: Int) -> (String, Int) {
      var labels: [String] = []
      var offset = start
      while bytes[offset] != 0 {
        let end = offset + 1 + Int(bytes[offset])
        labels.append(String(decoding: bytes[(offset + 1)..<end], as: UTF8.self))
        offset = end
      }
      return (labels.joined(separator: "."), offset + 1)
    }
  }

  struct DNSResolverTests {
    private func ask(
      _ questions: [(String, DNSRecordType)],
      of server: SocketAddress
    ) async throws -> [DNSAnswer] {
      let client = try ControlClient(capacity: 4)
      try await client.start()
      let resolver = DNSResolver(client, server: server)
      let answers = await withTaskGroup(of: (Int, DNSAnswer).self) { group in
        for (index, question) in questions.enumerated() {
          group.addTask { (index, await resolver.ask(question.0, question.1)) }
        }
        return await group.reduce(into: [Int: DNSAnswer]()) { $0[$1.0] = $1.1 }
      }
      resolver.close()
      await client.stop()
      #expect(await resolver.ask("late.", .a) == .failed("the control plane has stopped"))
      return questions.indices.map { answers[$0] ?? .failed("no answer") }
    }

    @Test(.timeLimit(.minutes(5)))
    func `records, their absence and a server's failure are told apart`() async throws {
      let server = try NameServer { id, name, type in
        var message: WireMessage
        switch (name, type) {
        case ("yes.test", 1):
          message = WireMessage(id: id, counts: [1, 1, 0, 0])
          message.question(name, type)
          message.address(name, 0x0a00_0001, ttl: 7)
        case ("no.test", _):
          message = WireMessage(id: id, code: 3, counts: [1, 0, 1, 0])
          message.question(name, type)
          message.authority(minimum: 4, ttl: 60)
        case ("yes.test", _):
          message = WireMessage(id: id, counts: [1, 0, 0, 0])
          message.question(name, type)
        default:
          message = WireMessage(id: id, code: 2, counts: [1, 0, 0, 0])
          message.question(name, type)
        }
        return message
      }
      defer { server.stop() }
      let answers = try await ask(
        [("yes.test.", .a), ("yes.test.", .srv), ("no.test.", .srv), ("broken.test.", .srv)],
        of: server.address
      )
      let record = DNSRecord(
        name: "yes.test",
        ttl: 7,
        content: .address(.ipv4(0x0a00_0001, port: 0))
      )
      #expect(
        answers[0] == .found([record], additional: [], ttl: .seconds(7), name: "yes.test.")
      )
      #expect(answers[1] == .nothing(ttl: DiscoveryLimits.dnsNegative))
      #expect(answers[2] == .nothing(ttl: .seconds(4)))
      guard case .failed = answers[3] else { Issue.record("\(answers[3])"); return }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a hundred questions at once are all answered`() async throws {
      let server = try NameServer { id, name, type in
        var message = WireMessage(id: id, counts: [1, 1, 0, 0])
        message.question(name, type)
        message.address(name, 0x0a00_0001, ttl: 7)
        return message
      }
      defer { server.stop() }
      let answers = try await ask((0..<100).map { ("n\($0).test.", .a) }, of: server.address)
      let found = answers.count { if case .found = $0 { true } else { false } }
      #expect(found == 100)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a server that is gone is a failure, and so is one that says nothing`() async throws {
      let silent = try NameServer { _, _, _ in nil }
      defer { silent.stop() }
      for address in [try closedAddress(), silent.address] {
        let answers = try await ask([("x.test.", .a)], of: address)
        guard case .failed = answers[0] else { Issue.record("\(answers[0])"); return }
      }
      #expect(silent.questions == ["1 x.test", "1 x.test"], "one for each round")
    }
  }
#endif
