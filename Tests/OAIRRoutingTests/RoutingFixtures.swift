import OAIRRouting
import OAIRSys
import Synchronization

/// A reproducible source of randomness (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// A clock that goes on when it is told to.
final class ManualClock: Sendable {
  private let time = Mutex<UInt64>(1_000_000_000_000)

  var now: UInt64 { time.withLock { $0 } }

  func advance(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    time.withLock { $0 += UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000) }
  }
}

/// Keeps what a registry publishes.
final class PublishedTables: Sendable {
  private let tables = Mutex<[RouteTable]>([])

  var newest: RouteTable { tables.withLock { $0.last ?? .empty } }
  var all: [RouteTable] { tables.withLock { $0 } }
  var count: Int { tables.withLock { $0.count } }

  func append(_ table: RouteTable) { tables.withLock { $0.append(table) } }
}

extension Backend {
  /// A backend on a port of this machine.
  static func local(
    _ id: String,
    port: UInt16,
    models: [String] = [],
    source: Source = .library,
    kind: Kind = .generic
  ) -> Backend {
    Backend(
      id: id,
      kind: kind,
      endpoint: Endpoint(address: .loopback(port: port)),
      models: models.map { ModelDescription(id: $0) },
      source: source
    )
  }
}

extension RouteMember {
  /// A member in a state, with models that have no objects of their own.
  static func make(
    _ id: String,
    slot: Int = 0,
    state: BackendState = .ready,
    models: [ModelDescription] = [],
    kind: Backend.Kind = .generic,
    weight: Int = 1,
    priority: Int = 0,
    maxInFlight: Int = 0,
    registeredAt: Int = 0,
    version: String? = nil
  ) -> RouteMember {
    let backend = Backend(
      id: id,
      kind: kind,
      endpoint: Endpoint(address: .loopback(port: UInt16(slot + 1))),
      weight: weight,
      priority: priority,
      maxInFlight: maxInFlight
    )
    let record = BackendRecord(backend, slot: slot, incarnation: UInt64(slot + 1))
    return RouteMember(
      backend: RouteBackend(record: record, state: state),
      models: models,
      registeredAt: registeredAt,
      version: version.flatMap { EngineVersion($0) }
    )
  }
}

extension RouteTable {
  func entry(_ name: String) -> Int? {
    Array(name.utf8).withUnsafeBytes { entry(for: $0) }
  }

  func candidateIDs(_ name: String) -> [String]? {
    entry(name).map { entry in candidates(entry).map { backends[Int($0)].record.id } }
  }

  func state(_ id: String) -> BackendState? {
    backends.first { $0.record.id == id }?.state
  }
}

/// Bytes as text.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Counters with these values, by slot.
func withCounts<Result>(_ values: [Int32], _ body: (InFlightCounts) -> Result) -> Result {
  let cells = AtomicCells(max(1, values.count))
  let counts = InFlightCounts(cells)
  for (slot, value) in values.enumerated() { counts.set(slot, to: Int(value)) }
  return withExtendedLifetime(cells) { body(counts) }
}

/// A selector on a table, with counters that a test sets.
struct SelectionBench {
  var selector: CandidateSelector
  var table: RouteTable
  var inFlight: [Int32]
  var random = SeededRandom(1)
  /// Ids that the reactor knows better than to use.
  var excluded: Set<String> = []

  init(_ policy: BalancingPolicy, _ members: [RouteMember]) {
    selector = CandidateSelector(policy)
    table = .empty
    inFlight = []
    adopt(members)
  }

  /// Goes on with a new table.
  mutating func adopt(_ members: [RouteMember]) {
    let newer = RouteTable(generation: table.generation + 1, members: members, isListed: true)
    selector.adopt(newer, after: table)
    table = newer
    inFlight += Array(repeating: 0, count: max(0, table.slotCount - inFlight.count))
  }

  mutating func choose(
    _ model: String = "m",
    session: UInt64 = 0,
    family: PathFamily = .chat
  ) -> CandidateChoice {
    guard let entry = table.entry(model) else { return .none }
    let table = table
    let excluded = excluded
    return withCounts(inFlight) { inFlight in
      return selector.choose(
        entry,
        of: table,
        for: RequestFacts(entry: entry, family: family, session: session),
        inFlight: inFlight,
        random: &random
      ) { excluded.contains(table.backends[$0].record.id) }
    }
  }

  /// Whether there is somebody to choose.
  func look(_ model: String = "m", session: UInt64 = 0) -> CandidateChoice {
    guard let entry = table.entry(model) else { return .none }
    return withCounts(inFlight) { inFlight in
      return selector.look(
        entry,
        of: table,
        for: RequestFacts(entry: entry, family: .chat, session: session),
        inFlight: inFlight
      ) { excluded.contains(table.backends[$0].record.id) }
    }
  }

  /// The id of the one that is chosen; nil when none is.
  mutating func pick(_ model: String = "m", session: UInt64 = 0) -> String? {
    guard case .chosen(let index, _) = choose(model, session: session) else { return nil }
    return table.backends[index].record.id
  }

  /// Sets how many requests a backend works on.
  mutating func load(_ id: String, _ count: Int32) {
    guard let backend = table.backends.first(where: { $0.record.id == id }) else { return }
    inFlight[backend.record.slot] = count
  }
}

/// One model.
func model(_ id: String = "m", isLoaded: Bool? = nil) -> [ModelDescription] {
  [ModelDescription(id: id, isLoaded: isLoaded)]
}
