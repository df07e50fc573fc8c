/// What selection needs of a backend, as plain numbers: read on every request without a reference
/// count.
///
/// `RouteTable.facts` holds one per backend, in the order of `RouteTable.backends`.
public struct CandidateFacts: Equatable, Sendable {
  /// The greatest weight; with in-flight counts below 2³¹ all products fit an Int64.
  public static let greatestWeight = 1_000_000

  /// The backend's incarnation.
  public var incarnation: UInt64
  /// The highest sequence of a signal that this table's state includes.
  public var acknowledgedSignal: UInt64
  /// The hash of its id: what sessions go by.
  public var identity: UInt64
  /// The index of its counters.
  public var slot: Int32
  /// Its share, 1…1,000,000.
  public var weight: Int32
  /// Its tier: lower ones first.
  public var priority: Int32
  /// Requests at a time; 0 means no bound.
  public var maxInFlight: Int32
  /// Its state when the table was made.
  public var state: BackendState
  /// The paths that its engine serves.
  public var pathFamilies: PathFamilies

  /// Makes facts by hand; tables make theirs of records.
  public init(
    slot: Int32,
    weight: Int32 = 1,
    priority: Int32 = 0,
    maxInFlight: Int32 = 0,
    state: BackendState = .ready,
    pathFamilies: PathFamilies = .all,
    incarnation: UInt64 = 0,
    acknowledgedSignal: UInt64 = 0,
    identity: UInt64 = 0
  ) {
    self.incarnation = incarnation
    self.acknowledgedSignal = acknowledgedSignal
    self.identity = identity
    self.slot = slot
    self.weight = weight
    self.priority = priority
    self.maxInFlight = maxInFlight
    self.state = state
    self.pathFamilies = pathFamilies
  }

  init(_ backend: RouteBackend) {
    let record = backend.record
    self.init(
      slot: Int32(record.slot),
      weight: Int32(record.weight),
      priority: Int32(record.priority),
      maxInFlight: Int32(record.maxInFlight),
      state: backend.state,
      pathFamilies: record.kind.pathFamilies,
      incarnation: record.incarnation,
      acknowledgedSignal: backend.acknowledgedSignal,
      identity: record.idBytes.withUnsafeBytes { StableHash.of($0) }
    )
  }

  /// True while it works on as many requests as it may.
  ///
  /// - Parameter inFlight: a counter for every slot that occurs in the table.
  @inlinable
  public func isFull(_ inFlight: InFlightCounts) -> Bool {
    maxInFlight > 0 && inFlight[Int(slot)] >= maxInFlight
  }
}
