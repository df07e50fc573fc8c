import OAIRReactor
public import OAIRRouting

/// What a data plane knows at one moment, as plain numbers: a copy for administrators.
public struct ProxyReport: Sendable {
  /// What it knows of one backend.
  public struct Slot: Sendable, Equatable {
    /// Which occupant of the slot this is about.
    public var incarnation: UInt64
    /// Requests at work there.
    public var inFlight: Int
    /// Connections that wait for their next request.
    public var idleConnections: Int
    /// The signal by which a refused connection was reported; 0 for none.
    var refusedBy: UInt64
    var unserved: PathFamilies
    var unservedUntil: UInt64
  }

  /// What one worker has of the whole.
  public struct Worker: Sendable, Equatable {
    /// Requests whose head it has read.
    public var requests: UInt64
    /// Its client connections that are open.
    public var connections: Int
  }

  /// By slot.
  public var slots: [Slot]
  /// What was counted since the start.
  public var counters: ProxyCounters
  /// Client connections that are open.
  public var connections: Int
  /// Streams whose content is on its way.
  public var streams = 0
  /// Bytes of request bodies that are held.
  public var heldBodyBytes: Int
  /// Where it is between its start and its end.
  public var stage: ProxyStage
  /// The table that it goes by.
  public var table = RouteTable.empty
  /// What balancing remembers of that table's models.
  var selector = CandidateSelector(.leastInFlight)
  /// Who has made which stored response; shared until the next one is learned.
  var responseOwners = ResponseOwners()

  /// In their order.
  public var workers: [Worker] = []
  /// What was counted by model and backend, where it was asked for.
  public var telemetry: TelemetrySnapshot?

  /// Requests at work on backends.
  public var inFlight: Int { slots.reduce(0) { $0 + $1.inFlight } }

  /// What is known of a backend's occupancy of its slot; nil for one that it doesn't know yet.
  ///
  /// - Parameters:
  ///   - slot: the record's slot.
  ///   - incarnation: the record's incarnation.
  public func slot(_ slot: Int, incarnation: UInt64) -> Slot? {
    guard slots.indices.contains(slot), slots[slot].incarnation == incarnation else { return nil }
    return slots[slot]
  }
}

extension Proxy {
  /// What was counted, by the reactor too.
  var allCounters: ProxyCounters {
    var all = counters
    all.spinHits = reactor.spins.hits
    all.spinMisses = reactor.spins.misses
    return all
  }

  /// Copies what administrators ask for.
  ///
  /// Once per question, never per request.
  ///
  /// - Parameter telemetry: everything that metrics are made of, too.
  func report(telemetry wantsTelemetry: Bool = false) -> ProxyReport {
    ProxyReport(
      slots: (0..<table.slotCount).map { slots.report($0) },
      counters: allCounters,
      connections: downstreams.count,
      streams: streamCount,
      heldBodyBytes: ledger.reserved,
      stage: stage,
      table: table,
      selector: selector,
      responseOwners: commons.responseOwners,
      workers: [.init(requests: counters.requests, connections: downstreams.count)],
      telemetry: wantsTelemetry ? snapshot() : nil
    )
  }
}
