#if DNS
  import CCares
  import OAIRSys
  import Synchronization

  /// One question on its way to the loop.
  struct DNSQuestion: Sendable {
    let name: String
    let type: DNSRecordType
    let continuation: CheckedContinuation<DNSAnswer, Never>
  }

  /// Asks the system's name servers, or one of its own.
  ///
  /// Callable from any thread: questions wait in a mutex until the control plane's loop, where the
  /// sockets are, takes them.
  final class DNSResolver: Sendable {
    private let client: ControlClient
    private let inbox = DNSInbox()
    private let guest: UInt64?

    init(_ client: ControlClient, server: SocketAddress?) {
      self.client = client
      let server = server?.description
      guest = client.admit { [inbox] in DNSChannel(inbox, server: server) }
    }

    /// Sends it away; who still waits is told that it failed.
    func close() {
      if let guest { client.dismiss(guest: guest) }
    }

    /// Asks for the records of a name.
    ///
    /// - Parameter name: one that ends with a dot is taken as it is; another one is tried with the
    ///   search list of resolv.conf(5).
    func ask(_ name: String, _ type: DNSRecordType) async -> DNSAnswer {
      guard let guest else { return .failed("the control plane has stopped") }
      return await withCheckedContinuation { continuation in
        let question = DNSQuestion(name: name, type: type, continuation: continuation)
        if inbox.put(question) {
          client.wake(guest: guest)
        } else {
          continuation.resume(returning: .failed("the control plane has stopped"))
        }
      }
    }
  }

  /// Questions that the loop hasn't taken yet.
  final class DNSInbox: Sendable {
    private struct State {
      var questions: [DNSQuestion] = []
      var isClosed = false
    }

    private let state = Mutex(State())

    /// - Returns: false when nobody will take it any more.
    func put(_ question: DNSQuestion) -> Bool {
      state.withLock { state in
        if !state.isClosed { state.questions.append(question) }
        return !state.isClosed
      }
    }

    /// Takes what waits; when `isLast`, nothing is taken ever after.
    func take(isLast: Bool = false) -> [DNSQuestion] {
      state.withLock { state in
        state.isClosed = state.isClosed || isLast
        defer { state.questions = [] }
        return state.questions
      }
    }
  }
#endif
