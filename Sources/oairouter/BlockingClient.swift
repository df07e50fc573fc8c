import OAIRouter
import Synchronization

/// Requests of commands: the control plane's client does the work, the main thread waits for it.
enum BlockingClient {
  /// Sends one request and waits for its response.
  ///
  /// - Parameters:
  ///   - name: what the request is called in failures: whom it asks for what.
  ///   - request: made in a task, where names can be resolved.
  /// - Throws: `CommandFailure` when nobody listens, nothing comes in time, or what comes isn't
  ///   HTTP. Every status is an answer.
  static func fetch(
    _ name: String,
    _ request: @escaping @Sendable () async throws(CommandFailure) -> ControlRequest
  ) throws(CommandFailure) -> ControlResponse {
    try wait(name) { () async throws(CommandFailure) in
      try await send(name, try await request()).get()
    }
  }

  /// Waits for what can only be done in a task.
  ///
  /// - Parameter name: what it is called where nothing comes of it.
  static func wait<Value: Sendable>(
    _ name: String,
    _ work: @escaping @Sendable () async throws(CommandFailure) -> Value
  ) throws(CommandFailure) -> Value {
    let holder: Holder<Value>
    do { holder = try Holder() } catch { throw CommandFailure("\(error)") }
    Task.detached {
      do throws(CommandFailure) {
        holder.set(.success(try await work()))
      } catch {
        holder.set(.failure(error))
      }
    }
    holder.done.waitUntilSignalled()
    guard let result = holder.value else { throw CommandFailure("\(name): no answer") }
    return try result.get()
  }

  private static func send(
    _ name: String,
    _ request: ControlRequest
  ) async -> Result<ControlResponse, CommandFailure> {
    do throws(SystemError) {
      let client = try ControlClient(capacity: 1)
      try await client.start()
      let result: Result<ControlResponse, CommandFailure>
      do throws(ControlFailure) {
        result = .success(try await client.fetch(request))
      } catch {
        let reason = explanation(error, request.timeout)
        result = .failure(CommandFailure("\(name): \(reason)"))
      }
      await client.stop()
      return result
    } catch {
      return .failure(CommandFailure("\(error)"))
    }
  }

  private static func explanation(_ failure: ControlFailure, _ limit: Duration) -> String {
    switch failure {
    case .refused: "nobody listens there; is the router running, and on this port?"
    case .denied: "this user isn't allowed to connect there; ask as the user who runs the router"
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
  private final class Holder<Value: Sendable>: Sendable {
    let done: EventFD
    private let result = Mutex<Result<Value, CommandFailure>?>(nil)

    init() throws(SystemError) { done = try EventFD() }

    var value: Result<Value, CommandFailure>? { result.withLock { $0 } }

    func set(_ value: Result<Value, CommandFailure>) {
      result.withLock { $0 = value }
      done.signal()
    }
  }
}
