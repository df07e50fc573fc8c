import Glibc
import OAIRDiscovery
import OAIRSys
import TestSupport
import Testing

@Suite(.offThePool)
struct ControlClientTests {
  private func withClient<Result: Sendable>(
    capacity: Int = 64,
    _ body: @Sendable (ControlClient) async throws -> Result
  ) async throws -> Result {
    let client = try ControlClient(capacity: capacity)
    try await client.start()
    do {
      let result = try await body(client)
      await client.stop()
      return result
    } catch {
      await client.stop()
      throw error
    }
  }

  private func request(
    _ server: ScriptedServer,
    _ target: String = "/x",
    timeout: Duration = .seconds(20),
    limit: Int = 1000
  ) -> ControlRequest {
    ControlRequest(
      target,
      address: server.address,
      host: "host:1",
      timeout: timeout,
      bodyLimit: limit
    )
  }

  private func failure(
    _ client: ControlClient,
    _ request: ControlRequest
  ) async -> ControlFailure? {
    do throws(ControlFailure) {
      _ = try await client.fetch(request)
      return nil
    } catch {
      return error
    }
  }

  // MARK: - Responses

  @Test(arguments: [
    [answer("hello", status: 503, fields: "Server: s\r\n")],
    [
      "HTTP/1.1 503 X\r\nServer: s\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "lo\r\n0\r\n\r\n",
    ],
    ["HTTP/1.1 503 X\r\nServer: s\r\n\r\n", "hel", "lo"],
  ])
  func `a response comes back whole, whatever its framing and status`(pieces: [String])
    async throws
  {
    let server = try ScriptedServer { _ in .respond(pieces) }
    defer { server.stop() }
    let response = try await withClient { try await $0.fetch(request(server, "/a?b")) }
    #expect(response == ControlResponse(status: 503, server: "s", body: Array("hello".utf8)))
    let head = try #require(await server.nextHead())
    #expect(head.hasPrefix("GET /a?b HTTP/1.1\r\nHost: host:1\r\n"))
  }

  @Test func `a unix socket is asked like any other`() async throws {
    let path = socketPath()
    defer { unlink(path) }
    let server = try ScriptedServer(path: path) { _ in .respond([answer("ok")]) }
    defer { server.stop() }
    let response = try await withClient { try await $0.fetch(request(server)) }
    #expect(response.body == Array("ok".utf8))
  }

  @Test func `a body of the limit's size arrives, through many reads`() async throws {
    let body = String(repeating: "x", count: 3 << 20)
    let server = try ScriptedServer { _ in .respond([answer(body)]) }
    defer { server.stop() }
    let response = try await withClient {
      try await $0.fetch(request(server, limit: 3 << 20))
    }
    #expect(response.body.count == 3 << 20)
  }

  @Test func `many requests share few connections`() async throws {
    let server = try ScriptedServer { .respond([answer($0)]) }
    defer { server.stop() }
    try await withClient(capacity: 2) { client in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<50 {
          group.addTask {
            let response = try await client.fetch(request(server, "/\(number)"))
            return response.body == Array("/\(number)".utf8)
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
    #expect(server.targets.count == 50)
  }

  // MARK: - Failures

  @Test func `nobody at the address is a refusal, for unix paths too`() async throws {
    let address = try closedAddress()
    try await withClient { client in
      let tcp = ControlRequest("/", address: address, host: "h", timeout: .seconds(20))
      #expect(await failure(client, tcp) == .refused)
      let unix = ControlRequest(
        "/",
        address: .unix(socketPath()),
        host: "h",
        timeout: .seconds(20)
      )
      #expect(await failure(client, unix) == .refused)
    }
  }

  @Test func `silence ends at the deadline, and the connection with it`() async throws {
    let server = try ScriptedServer { _ in .respondAndHold("") }
    defer { server.stop() }
    try await withClient { client in
      #expect(
        await failure(client, request(server, timeout: .milliseconds(50))) == .timedOut
      )
      await server.waitForClose()
    }
  }

  @Test func `a response that doesn't end in time is late too`() async throws {
    let server = try ScriptedServer { _ in
      .respondAndHold("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
    }
    defer { server.stop() }
    try await withClient { client in
      #expect(
        await failure(client, request(server, timeout: .milliseconds(50))) == .timedOut
      )
    }
  }

  @Test(arguments: [
    [], ["HTTP/1.1 200 OK\r\nContent-L"], ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"],
  ])
  func `an end before the end is a loss`(pieces: [String]) async throws {
    let server = try ScriptedServer { _ in .respond(pieces) }
    defer { server.stop() }
    try await withClient { client in
      #expect(await failure(client, request(server)) == .closed)
    }
  }

  @Test func `a reset is a loss`() async throws {
    let server = try ScriptedServer { _ in .reset }
    defer { server.stop() }
    try await withClient { client in
      #expect(await failure(client, request(server)) == .closed)
    }
  }

  @Test func `other protocols are malformed, large bodies too large`() async throws {
    let server = try ScriptedServer { target in
      .respondAndHold(target == "/x" ? "SSH-2.0-x\r\n" : answer("12345"))
    }
    defer { server.stop() }
    try await withClient { client in
      #expect(await failure(client, request(server)) == .malformed)
      #expect(await failure(client, request(server, "/y", limit: 4)) == .tooLarge)
    }
  }

  @Test func `a target that could break the head isn't sent`() async throws {
    let server = try ScriptedServer { _ in .reset }
    defer { server.stop() }
    try await withClient { client in
      #expect(await failure(client, request(server, "/\r\nX: y")) == .invalidRequest)
    }
    #expect(server.targets.isEmpty)
  }

  @Test func `cancelling closes the connection at once`() async throws {
    let server = try ScriptedServer { _ in .respondAndHold("") }
    defer { server.stop() }
    try await withClient { client in
      let task = Task { await failure(client, request(server)) }
      _ = await server.nextHead()
      task.cancel()
      #expect(await task.value == .cancelled)
      await server.waitForClose()
      let late = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return await failure(client, request(server))
      }
      #expect(await late.value == .cancelled)
    }
  }

  @Test func `a request that waits for a place can be cancelled`() async throws {
    let server = try ScriptedServer { _ in .respondAndHold("") }
    defer { server.stop() }
    try await withClient(capacity: 1) { client in
      let first = Task { await failure(client, request(server)) }
      _ = await server.nextHead()
      let second = Task { await failure(client, request(server, "/second")) }
      second.cancel()
      #expect(await second.value == .cancelled)
      first.cancel()
      #expect(await first.value == .cancelled)
      #expect(server.targets == ["/x"])
    }
  }

  @Test func `stopping ends what is under way, and what comes later`() async throws {
    let server = try ScriptedServer { _ in .respondAndHold("") }
    defer { server.stop() }
    let client = try ControlClient()
    try await client.start()
    let task = Task { await failure(client, request(server)) }
    _ = await server.nextHead()
    await client.stop()
    #expect(await task.value == .stopped)
    #expect(await failure(client, request(server)) == .stopped)
    await client.stop()
    await server.waitForClose()
  }

  @Test func `requests made before the start are sent at the start`() async throws {
    let server = try ScriptedServer { _ in .respond([answer("ok")]) }
    defer { server.stop() }
    let client = try ControlClient()
    async let response = client.fetch(request(server))
    try await client.start()
    #expect(try await response.status == 200)
    await client.stop()
  }

  // MARK: - Streams

  private static let streamHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

  @Test func `a stream brings its pieces and ends with the response`() async throws {
    let server = try ScriptedServer { _ in
      .respond([Self.streamHead, "3\r\nabc\r\n", "2\r\nde\r\n", "0\r\n\r\n"])
    }
    defer { server.stop() }
    let bytes = try await withClient { client in
      var bytes: [UInt8] = []
      for try await piece in client.stream(request(server, limit: 3)) { bytes += piece }
      return bytes
    }
    #expect(bytes == Array("abcde".utf8))
  }

  @Test func `a stream has no deadline once its head is there`() async throws {
    let server = try ScriptedServer { _ in .respondAndHold(Self.streamHead + "1\r\nx\r\n") }
    defer { server.stop() }
    try await withClient { client in
      let stream = client.stream(request(server, timeout: .milliseconds(200)))
      var iterator = stream.makeAsyncIterator()
      let head = try await iterator.next()
      #expect(head == [], "the head is told before any byte of the body")
      let first = try await iterator.next()
      #expect(first == Array("x".utf8))
      // A request with a later deadline fails first, because the stream's is gone.
      #expect(
        await failure(client, request(server, timeout: .milliseconds(400))) == .timedOut
      )
      let end = Task { () -> (any Error)? in
        do {
          for try await _ in stream {}
          return nil
        } catch {
          return error
        }
      }
      await client.stop()
      #expect(await end.value as? ControlFailure == .stopped)
    }
  }

  @Test func `giving a stream up closes its connection`() async throws {
    let server = try ScriptedServer { _ in .respondAndHold(Self.streamHead + "1\r\nx\r\n") }
    defer { server.stop() }
    try await withClient { client in
      for try await _ in client.stream(request(server)) { break }
      await server.waitForClose()
    }
  }

  @Test func `a stream whose reader sleeps is cut`() async throws {
    let filler = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
    let server = try ScriptedServer { _ in .flood(Self.streamHead, with: filler) }
    defer { server.stop() }
    try await withClient { client in
      let stream = client.stream(request(server, limit: 1 << 20))
      await server.waitForClose()
      await #expect(throws: ControlFailure.tooLarge) { for try await _ in stream {} }
    }
  }

  @Test func `a stream needs status 200, and its end in time is an end`() async throws {
    let server = try ScriptedServer { target in
      .respond([target == "/x" ? answer("no", status: 404) : Self.streamHead])
    }
    defer { server.stop() }
    try await withClient { client in
      await #expect(throws: ControlFailure.status(404)) {
        for try await _ in client.stream(request(server)) {}
      }
      await #expect(throws: ControlFailure.closed) {
        for try await _ in client.stream(request(server, "/y")) {}
      }
    }
  }
}
