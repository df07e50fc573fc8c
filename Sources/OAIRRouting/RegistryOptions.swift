import Glibc
import OAIRSys

/// What a registry is made with.
public struct RegistryOptions: Sendable {
  /// When backends are doubted, given up and taken back.
  public var health: HealthPolicy
  /// The id of the backend that gets requests for models that nobody has.
  public var defaultBackend: String?
  /// Models that stand for others.
  public var rewrites: ModelRewrites
  /// Names of discoverers whose first result is waited for before the table counts as listed.
  public var awaitedDiscoverers: Set<String>
  /// Nanoseconds on a clock that doesn't go back.
  public var now: @Sendable () -> UInt64
  /// Seconds since 1970.
  public var unixTime: @Sendable () -> Int

  /// Makes options; the clocks are the system's.
  ///
  /// - Parameters:
  ///   - health: thresholds.
  ///   - defaultBackend: the id of the backend for unknown models.
  ///   - rewrites: models that stand for others, without a `problem`.
  ///   - awaitedDiscoverers: names of discoverers that the first listing waits for.
  public init(
    health: HealthPolicy = HealthPolicy(),
    defaultBackend: String? = nil,
    rewrites: ModelRewrites = ModelRewrites(),
    awaitedDiscoverers: Set<String> = []
  ) {
    self.health = health
    self.defaultBackend = defaultBackend
    self.rewrites = rewrites
    self.awaitedDiscoverers = awaitedDiscoverers
    now = { LinuxKernel.now() }
    unixTime = { time(nil) }
  }
}
