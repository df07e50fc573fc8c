/// The backends that an exchange has tried, by slot, and how each failed.
struct TriedBackends {
  /// LIMIT: how many are remembered; beyond it the oldest may be tried again.
  static let capacity = 8

  /// How an attempt failed.
  enum Failure: Equatable {
    /// Not at all yet.
    case none
    /// No connection.
    case notConnected
    /// The router had no descriptor left.
    case exhausted
    /// The connection was lost while it worked.
    case lost
    /// It took too long.
    case timedOut
    /// It answered with a status.
    case status(UInt16)
    /// It sent an error inside a stream, before content.
    case errorEvent

    /// It has answered, if only with an error.
    var isAnswer: Bool {
      switch self {
      case .status, .errorEvent: true
      case .none, .notConnected, .exhausted, .lost, .timedOut: false
      }
    }

    /// As metrics and logs tell it.
    var reason: FailureReason {
      switch self {
      case .none: .unknown
      case .notConnected: .notConnected
      case .exhausted: .exhausted
      case .lost: .lost
      case .timedOut: .timedOut
      case .status: .status
      case .errorEvent: .errorEvent
      }
    }

    /// As errors tell it.
    var text: String {
      switch self {
      case .none, .notConnected: "connection failed"
      case .exhausted: "not asked, the router is out of descriptors"
      case .lost: "connection lost"
      case .timedOut: "timed out"
      case .status(let status): "answered \(status)"
      case .errorEvent: "sent an error in its stream"
      }
    }
  }

  // Those below `next` count. Spelled out, they are made without a loop.
  private var slots: InlineArray<8, Int32> = [-1, -1, -1, -1, -1, -1, -1, -1]
  private var failures: InlineArray<8, Failure> = [
    .none, .none, .none, .none, .none, .none, .none, .none,
  ]
  private var next = 0
  /// Where the attempts for the model begin that is asked now.
  private var modelStart = 0

  mutating func insert(_ slot: Int) {
    slots[next % Self.capacity] = Int32(truncatingIfNeeded: slot)
    failures[next % Self.capacity] = .none
    next += 1
  }

  /// Says how the newest attempt failed.
  mutating func note(_ failure: Failure) {
    guard next > 0 else { return }
    failures[(next - 1) % Self.capacity] = failure
  }

  /// How the newest attempt failed; `.none` while it hasn't.
  var newest: Failure { next > 0 ? failures[(next - 1) % Self.capacity] : .none }

  /// How the attempt on a backend failed; nil when it wasn't tried.
  func failure(_ slot: Int32) -> Failure? {
    guard next > 0 else { return nil }
    for index in 0..<min(next, Self.capacity) where slots[index] == slot { return failures[index] }
    return nil
  }

  /// A backend may be asked again.
  mutating func forgive(_ slot: Int) {
    for index in 0..<Self.capacity where slots[index] == Int32(truncatingIfNeeded: slot) {
      slots[index] = -1
    }
  }

  /// Another model is asked from here on: a backend that has only answered badly may do better with
  /// that one.
  mutating func beginModel() { modelStart = next }

  /// The backend isn't to be asked again.
  func contains(_ slot: Int32) -> Bool {
    guard next > 0 else { return false }
    for index in 0..<min(next, Self.capacity) where slots[index] == slot {
      let isOfModel = next > Self.capacity || index >= modelStart
      if isOfModel || !failures[index].isAnswer { return true }
    }
    return false
  }
}
