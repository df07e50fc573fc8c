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
    registeredAt: Int = 0,
    version: String? = nil
  ) -> RouteMember {
    let backend = Backend(
      id: id,
      kind: kind,
      endpoint: Endpoint(address: .loopback(port: UInt16(slot + 1)))
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
