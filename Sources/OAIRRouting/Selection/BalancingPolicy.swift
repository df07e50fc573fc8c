/// How one of several backends is chosen that have a model and are as good by evidence.
public enum BalancingPolicy: Equatable, Sendable, CustomStringConvertible {
  /// The one with the fewest requests in flight for its weight (`LeastInFlight`).
  case leastInFlight
  /// One after the other, by weight (`RoundRobin`).
  case roundRobin
  /// The first in the order of the ids (`FirstHealthy`).
  case firstHealthy
  /// As the program says that uses the library.
  case custom(CustomPolicy)

  /// The built-in ones.
  public static let builtIn: [BalancingPolicy] = [leastInFlight, roundRobin, firstHealthy]

  /// Reads the configuration's word.
  ///
  /// - Returns: nil for a word that isn't a built-in policy's.
  public init?(_ word: String) {
    guard let policy = Self.builtIn.first(where: { $0.description == word }) else { return nil }
    self = policy
  }

  /// The word of configuration and logs.
  public var description: String {
    switch self {
    case .leastInFlight: "least_in_flight"
    case .roundRobin: "round_robin"
    case .firstHealthy: "first_healthy"
    case .custom(let policy): policy.name
    }
  }
}
