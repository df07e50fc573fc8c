/// Metrics: `GET /metrics` on the clients' listeners, for programs on this machine, and for those
/// that show one of the router's keys.
public struct MetricsOptions: Sendable, Equatable {
  /// Whether there are any; without, the path is a 404.
  public var isEnabled = true
  /// The version that `oairouter_build_info` tells.
  public var version = "library"

  /// The defaults.
  public init() {}
}
