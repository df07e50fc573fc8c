import Glibc
@testable import OAIRDiscovery
import OAIRSys
import Synchronization

/// A container engine on a unix socket that runs no containers, and does what a test says.
final class FakeEngine: Sendable {
  private struct State {
    var rows: [Int: String] = [:]
    var list: String?
    var server: ScriptedServer?
    /// The writing ends of the event streams.
    var pipes: [Int32] = []
    var eventsAnswer: String?
    var pingAnswer: String
  }

  let path = socketPath()
  private let state: Mutex<State>
  private let asked: AsyncStream<String>
  private let askedContinuation: AsyncStream<String>.Continuation

  init(version: String? = "1.41") throws {
    let field = version.map { "Api-Version: \($0)\r\n" } ?? ""
    state = Mutex(State(pingAnswer: answer("OK", fields: field)))
    (asked, askedContinuation) = AsyncStream.makeStream(of: String.self)
    try start()
  }

  deinit { unlink(path) }

  var endpoint: DockerEndpoint { DockerEndpoint(.unix(path)) }

  /// Listens, in place of a former server's file.
  func start() throws {
    unlink(path)
    let server = try ScriptedServer(path: path) { [weak self] in self?.react(to: $0) ?? .reset }
    state.withLock { $0.server = server }
  }

  /// Ends, as a killed engine does: the connections are closed, the socket's file stays.
  func kill() async {
    let server = state.withLock { state in
      defer { state.server = nil }
      return state.server
    }
    endEvents()
    await server?.stopAndWait()
  }

  /// The next question's target, when it comes.
  func nextQuestion() async -> String? {
    for await target in asked { return target }
    return nil
  }

  /// Lets questions pass until one begins like this.
  func waitForQuestion(_ prefix: String) async {
    while let target = await nextQuestion() { if target.hasPrefix(prefix) { return } }
  }

  /// A container that runs, on the host's network unless told otherwise.
  func run(_ number: Int, _ name: String, image: String = "vllm/vllm-openai", port: Int) {
    let row = """
      {"Id":"\(containerID(number))","Names":["/\(name)"],"Image":"\(image)","State":"running",\
      "Labels":{"oairouter.port":"\(port)"},"Ports":[],"HostConfig":{"NetworkMode":"host"}}
      """
    state.withLock { $0.rows[number] = row }
  }

  func remove(_ number: Int) { state.withLock { _ = $0.rows.removeValue(forKey: number) } }

  /// Answers lists with this instead.
  func list(_ text: String?) { state.withLock { $0.list = text } }

  /// Answers `GET /events` with this instead.
  func refuseEvents(_ text: String?) { state.withLock { $0.eventsAnswer = text } }

  func answerPing(_ text: String) { state.withLock { $0.pingAnswer = text } }

  /// Sends events, each in a chunk of its own, cut into pieces of `size` bytes.
  func send(_ events: String..., size: Int = .max) {
    let chunks = events.map { "\(String($0.utf8.count + 1, radix: 16))\r\n\($0)\n\r\n" }.joined()
    sendRaw(chunks, size: size)
  }

  func sendRaw(_ text: String, size: Int = .max) {
    let pipes = state.withLock { $0.pipes }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(size))
      rest = rest.dropFirst(piece.count)
      for pipe in pipes { _ = Glibc.send(pipe, piece, piece.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  /// Returns when the reader of the events has closed its connection.
  func waitForEventsToClose() async {
    guard let server = state.withLock({ $0.server }) else { return }
    await server.waitForClose()
  }

  func endEvents() {
    let pipes = state.withLock { state in
      defer { state.pipes = [] }
      return state.pipes
    }
    for pipe in pipes { close(pipe) }
  }

  static func event(_ action: String, _ number: Int) -> String {
    #"{"Type":"container","Action":"\#(action)","Actor":{"ID":"\#(containerID(number))"}}"#
  }

  // MARK: - Answers

  private func react(to target: String) -> ScriptedServer.Reaction {
    defer { askedContinuation.yield(target) }
    let path = target.hasPrefix("/v") ? target.dropFirst(1).drop { $0 != "/" } : target[...]
    return state.withLock { state in
      if path == "/_ping" { return .respond([state.pingAnswer]) }
      if path.hasPrefix("/containers/json") { return .respond([answer(list(path, state))]) }
      guard path.hasPrefix("/events") else { return .respond([answer("no", status: 404)]) }
      if let refusal = state.eventsAnswer { return .respond([refusal]) }
      var ends: [Int32] = [0, 0]
      let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return .reset }
      state.pipes.append(ends[1])
      return .relay("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", from: ends[0])
    }
  }

  private func list(_ path: Substring, _ state: State) -> String {
    if let list = state.list { return list }
    let wanted = state.rows.filter {
      !path.contains("filters") || path.contains(containerID($0.key))
    }
    return "[\(wanted.sorted { $0.key < $1.key }.map(\.value).joined(separator: ","))]"
  }
}
