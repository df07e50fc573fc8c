/// A key that clients show, and what it allows.
///
/// With any of them the router serves nobody without one. Shown as `Authorization: Bearer …` or
/// `x-api-key`; it is never passed on to a backend.
public struct ClientKey: Sendable, Equatable {
  /// The fewest bytes of a secret.
  public static let shortest = 16
  /// The most bytes of a secret.
  public static let longest = 512
  /// The most bytes of an id.
  public static let longestID = 64
  /// LIMIT: keys of a router.
  ///
  /// A key that is shown is compared with each, so that the time tells nothing.
  public static let most = 256
  /// The highest number of requests and exchanges that a key can be bounded by.
  public static let greatestBound = 1_000_000
  /// LIMIT: the highest number of a key; an access record has two bytes for one.
  package static let greatestNumber = Int(UInt16.max)

  /// Its name in logs and metrics, 1 to 64 visible ASCII characters; it is no secret.
  public var id: String
  /// What is shown, 16 to 512 visible ASCII characters.
  public var secret: String
  /// The models that it may ask for, as requests name them; `*` at the end of one stands for
  /// anything.
  public var models: [String]
  /// Requests for a backend that it may make in a minute, all at once if it likes; 0 for any.
  public var requestsPerMinute: Int
  /// Requests and streams that it may have running at one time; 0 for any number.
  public var concurrent: Int
  /// What it goes by in access records, from 1 to 65,535; 0: its place in the list.
  package var number = 0

  /// Makes a key.
  ///
  /// - Parameters:
  ///   - id: its name in logs and metrics.
  ///   - secret: what clients show.
  ///   - models: what it may ask for.
  ///   - requestsPerMinute: 0 for any number.
  ///   - concurrent: 0 for any number.
  public init(
    id: String,
    secret: String,
    models: [String] = ["*"],
    requestsPerMinute: Int = 0,
    concurrent: Int = 0
  ) {
    self.id = id
    self.secret = secret
    self.models = models
    self.requestsPerMinute = requestsPerMinute
    self.concurrent = concurrent
  }

  /// What is wrong with it, without its secret; nil for a key that can be used.
  public var problem: String? {
    guard (1...Self.longestID).contains(id.utf8.count), Self.isVisible(id) else {
      return "has an id that isn't 1 to \(Self.longestID) visible ASCII characters"
    }
    guard (Self.shortest...Self.longest).contains(secret.utf8.count), Self.isVisible(secret) else {
      return "'\(id)' has a secret that isn't \(Self.shortest) to \(Self.longest) visible ASCII "
        + "characters; make one with 'openssl rand -hex 32'"
    }
    if models.isEmpty { return "'\(id)' allows no model; '*' stands for all" }
    for (name, bound) in [("requests_per_minute", requestsPerMinute), ("concurrent", concurrent)]
    where !(0...Self.greatestBound).contains(bound) {
      return "'\(id)' has \(name) \(bound); it must be 0 to \(Self.greatestBound)"
    }
    return nil
  }

  /// What is wrong with several keys together; nil when they can be used.
  public static func problem(of keys: [ClientKey]) -> String? {
    if keys.count > most { return "are \(keys.count), more than \(most)" }
    if let problem = keys.lazy.compactMap(\.problem).first { return problem }
    if Set(keys.map(\.id)).count != keys.count { return "have one id twice" }
    if Set(keys.map(\.secret)).count != keys.count { return "have one secret twice" }
    return nil
  }

  private static func isVisible(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }
}

/// A secret must not get into a log by being printed.
extension ClientKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Its id.
  public var description: String { "ClientKey(\(id))" }
  /// Its id.
  public var debugDescription: String { description }
  /// Its id.
  public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
