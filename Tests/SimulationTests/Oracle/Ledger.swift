// What really happened, written down by the actors as they act: each request, each attempt that a
// backend saw, and what each client got. The oracle compares them.

/// The kinds of streams, in the words of BEHAVIOUR.
enum StreamFamily: CaseIterable {
  case chat, completions, responses, messages, opaque
}

/// One request of a client.
final class ExchangeRecord {
  /// What is to become of it.
  enum Kind: Equatable {
    /// A backend answers.
    case routed
    /// The router answers with one of these statuses.
    case local([Int])
    /// The router refuses, with a status and a code, and closes when the request's end isn't known.
    case refused(Int, code: String, closes: Bool)
  }

  let number: Int
  let kind: Kind
  let family: StreamFamily
  var model = ""
  var wantsStream = false
  var isHTTP10 = false
  var isHead = false
  var expectsContinue = false
  /// The client says that it closes after this one.
  var announcesClose = false
  /// What goes over the wire.
  var wire: [UInt8] = []
  var headLength = 0
  /// The body without its framing: what a backend must get.
  var body: [UInt8] = []
  /// The target that a backend must get, behind its prefix.
  var backendTarget = ""
  /// It stops after so many bytes of its wire and waits.
  var stallsAt: Int?

  var attempts: [AttemptRecord] = []
  var outcome: Outcome?
  /// When its last byte went out.
  var sentAt: UInt64?
  /// The client left, or read so slowly that it may be cut.
  var isExcused = false

  /// How it ended for the client.
  enum Outcome: Equatable {
    case complete, cut, own(Int), left, unanswered
  }

  init(number: Int, kind: Kind, family: StreamFamily) {
    self.number = number
    self.kind = kind
    self.family = family
  }

  var requestID: String { "sim-\(number)" }
  /// The backends that have the whole body.
  var bodyReceivers: Set<String> {
    Set(attempts.lazy.filter(\.hasWholeRequest).map(\.backend))
  }
}

/// One request as a backend saw it, and the backend's answer.
final class AttemptRecord {
  let number: Int
  let backend: String
  /// nil for an answer that was sent before a request was read.
  var exchange: ExchangeRecord?
  var script = AnswerScript()
  var hasWholeRequest = false
  /// Bytes of the script's wire that were sent.
  var written = 0
  /// The backend has ended its connection with a RST, or the script has a fault.
  var isFaulty = false
  /// A client got (some of) it.
  var isClaimed = false

  init(number: Int, backend: String) {
    self.number = number
    self.backend = backend
  }

  /// Everything was sent, and nothing happened that may destroy it on its way.
  var isWhole: Bool { !isFaulty && written >= script.wireEnd && script.wireEnd > 0 }
}

/// All records of a run.
final class Ledger {
  var exchanges: [ExchangeRecord] = []
  var attempts: [AttemptRecord] = []

  func beginAttempt(backend: String) -> AttemptRecord {
    let attempt = AttemptRecord(number: attempts.count, backend: backend)
    attempts.append(attempt)
    return attempt
  }

  func exchange(id: String) -> ExchangeRecord? {
    guard id.hasPrefix("sim-"), let number = Int(id.dropFirst(4)),
      exchanges.indices.contains(number)
    else { return nil }
    return exchanges[number]
  }
}
