import OAIRouter
import Synchronization

/// One GET, for the commands that ask a running server.
///
/// The control plane's client does the work; the main thread waits for it.
struct HTTPGet {
  /// How long one request may take in all; resolving a name comes on top.
  private static let limit = Duration.seconds(5)

  private let server: ServerURL

  /// Makes a client for one server.
  init(_ server: ServerURL) { self.server = server }

  /// Asks for a path below the server's prefix.
  ///
  /// - Throws: `CommandFailure` when nobody listens, nothing comes in time, or what comes isn't
  ///   HTTP. Every status is an answer.
  func fetch(_ path: String) throws(CommandFailure) -> ControlResponse {
    let holder: Holder
    do { holder = try Holder() } catch { throw CommandFailure("\(error)") }
    Task.detached { holder.set(await ask(path)) }
    holder.done.waitUntilSignalled()
    guard let result = holder.value else { throw CommandFailure("\(server)\(path): no answer") }
    return try result.get()
  }

  private func ask(_ path: String) async -> Result<ControlResponse, CommandFailure> {
    guard let address = await resolved() else {
      return .failure(CommandFailure("the name \(server.host) has no address"))
    }
    do throws(SystemError) {
      let client = try ControlClient(capacity: 1)
      try await client.start()
      let request = ControlRequest(
        server.prefix + path,
        address: address,
        host: server.authority,
        timeout: Self.limit
      )
      let result: Result<ControlResponse, CommandFailure>
      do throws(ControlFailure) {
        result = .success(try await client.fetch(request))
      } catch {
        result = .failure(CommandFailure("\(server)\(path): \(Self.explanation(error))"))
      }
      await client.stop()
      return result
    } catch {
      return .failure(CommandFailure("\(error)"))
    }
  }

  private func resolved() async -> SocketAddress? {
    if let address = SocketAddress(host: server.host, port: server.port) { return address }
    return await NameResolver().resolve(host: server.host, port: server.port).first
  }

  private static func explanation(_ failure: ControlFailure) -> String {
    switch failure {
    case .refused: "nobody listens there; is the router running, and on this port?"
    case .denied: "this user isn't allowed to connect there"
    case .unreachable: "there is no way to that host"
    case .timedOut: "no answer within \(DurationArgument(limit))"
    case .closed: "the connection ended before the answer did"
    case .malformed: "what came isn't an HTTP/1.1 answer"
    case .tooLarge: "the answer is too large"
    case .status(let status): "answered \(status)"
    case .exhausted: "no descriptors or memory left here"
    case .cancelled, .stopped, .invalidRequest: "the request couldn't be sent"
    }
  }

  /// Carries the result from the task to the thread that waits.
  private final class Holder: Sendable {
    let done: EventFD
    private let result = Mutex<Result<ControlResponse, CommandFailure>?>(nil)

    init() throws(SystemError) { done = try EventFD() }

    var value: Result<ControlResponse, CommandFailure>? { result.withLock { $0 } }

    func set(_ value: Result<ControlResponse, CommandFailure>) {
      result.withLock { $0 = value }
      done.signal()
    }
  }
}
