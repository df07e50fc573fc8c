public import OAIRProxy

/// What a router is doing at one moment, in numbers.
public struct RouterSummary: Sendable, Equatable {
  /// Backends that are known.
  public var backends: Int
  /// Those that are ready.
  public var readyBackends: Int
  /// Models that are listed.
  public var models: Int
  /// Streams whose content is on its way.
  public var streams: Int
  /// Requests at work on backends.
  public var inFlight: Int
  /// Client connections that are open.
  public var connections: Int
  /// Where it is between its start and its end.
  public var stage: ProxyStage

  init(_ report: ProxyReport) {
    backends = report.table.backends.count
    readyBackends = report.table.healthyCount
    models = report.table.entryCount
    streams = report.streams
    inFlight = report.inFlight
    connections = report.connections
    stage = report.stage
  }
}
