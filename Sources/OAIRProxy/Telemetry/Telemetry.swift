import Glibc
import OAIRRouting

// What metrics are made of, as far as `ProxyCounters` hasn't it: numbers by model and backend.
// Owned by the reactor, on its thread: plain stores into memory of a fixed size, which nobody else
// reads. Whoever asks for metrics gets a copy (`snapshot`), so that nothing is locked, formatted or
// allocated for a request.
//
//   pair     (model, backend's incarnation) -> requests by status, TTFT, tokens
//   model    number                         -> durations, gaps between events
//   backend  slot                           -> attempts, failures by reason
//
// Clients can't make series: models are numbered by the registry, backends by their slots.

/// The reactor's counters by model and backend.
struct Telemetry: ~Copyable {
  /// LIMIT: pairs of model and backend; further ones are counted as `__other__` together.
  static let pairs = 4096
  /// Room for looking pairs up: at most half of it is taken.
  private static let indexSize = 8192

  /// What isn't about one model or backend.
  var total: TelemetryTotals {
    @inline(__always) _read { yield storedTotal.value }
    @inline(__always) _modify { yield &storedTotal.value }
  }
  private var storedTotal = Aside(TelemetryTotals())
  /// Pairs that were counted as others.
  private(set) var pairLimit: UInt64 = 0

  private struct Pair {
    let key: UInt64
    let model: Int32
    let incarnation: UInt64
  }

  private var keys: [Pair] = []
  /// With more pairs than that a new table is a reason to forget some.
  private var crowded = Self.pairs / 4 * 3
  private var touchedModels: [Int32] = []
  private var backends: [BackendCounts] = []
  private let statusNumbers: [UInt8]
  // SAFETY: zeroed memory, a valid value of these types, all of whose members are integers;
  // allocated in init, freed in deinit. Pages that nobody writes take no memory.
  private let pairCounts: UnsafeMutablePointer<PairCounts>
  private let modelCounts: UnsafeMutablePointer<ModelCounts>
  /// A pair's number plus one; 0 ends a search.
  private let index: UnsafeMutablePointer<UInt16>

  init() {
    pairCounts = Self.zeroed(Self.pairs)
    modelCounts = Self.zeroed(ModelSeries.end)
    index = Self.zeroed(Self.indexSize)
    statusNumbers = StatusCodes.numbers()
    // Where everything is counted that finds no room.
    keys.reserveCapacity(64)
    keys.append(Pair(key: .max, model: ModelSeries.other, incarnation: .max))
  }

  deinit {
    free(pairCounts)
    free(modelCounts)
    free(index)
  }

  private static func zeroed<T: BitwiseCopyable>(_ count: Int) -> UnsafeMutablePointer<T> {
    guard let memory = calloc(count, MemoryLayout<T>.stride) else {
      preconditionFailure("no memory for counters")
    }
    return memory.bindMemory(to: T.self, capacity: count)
  }

  // MARK: On the way of a request

  /// An exchange is over.
  ///
  /// - Parameters:
  ///   - model: its number.
  ///   - incarnation: of the backend of the last attempt; 0 without one.
  ///   - status: as the access line has it.
  ///   - duration: in nanoseconds.
  @inline(__always)
  mutating func countRequest(model: Int32, incarnation: UInt64, status: Int, duration: UInt64) {
    let pair = pair(model, incarnation)
    let number = Int(statusNumbers[status < 1000 ? status : 0])
    pairCounts[pair].requests[number] &+= 1
    let model = touch(model)
    modelCounts[model].duration.add(duration, unit: HistogramUnit.duration)
  }

  /// The first content of a stream goes out.
  mutating func countFirstToken(model: Int32, incarnation: UInt64, after nanoseconds: UInt64) {
    let pair = pair(model, incarnation)
    pairCounts[pair].firstToken.add(nanoseconds, unit: HistogramUnit.firstToken)
  }

  /// Further events with content have come, all but the first at once.
  @inline(__always)
  mutating func countEvents(model: Int32, gap nanoseconds: UInt64, count: Int) {
    let model = touch(model)
    modelCounts[model].interEvent.add(nanoseconds, unit: HistogramUnit.interEvent)
    if count > 1 { modelCounts[model].interEvent.addZeros(UInt64(count - 1)) }
  }

  /// A backend's answer is over.
  mutating func countAnswer(
    model: Int32,
    incarnation: UInt64,
    _ change: (inout PairCounts) -> Void
  ) {
    let pair = pair(model, incarnation)
    change(&pairCounts[pair])
  }

  /// Something happened with a backend.
  @inline(__always)
  mutating func countBackend(
    slot: Int,
    incarnation: UInt64,
    _ change: (inout BackendCounts) -> Void
  ) {
    guard slot < backends.count, backends[slot].incarnation == incarnation else { return }
    change(&backends[slot])
  }

  private mutating func touch(_ model: Int32) -> Int {
    let number = Int(model)
    precondition(number >= 0 && number < ModelSeries.end, "no such model")
    if modelCounts[number].isTouched == 0 {
      modelCounts[number].isTouched = 1
      touchedModels.append(model)
    }
    return number
  }

  // MARK: Pairs

  private mutating func pair(_ model: Int32, _ incarnation: UInt64) -> Int {
    // Incarnations are counted from 1 and models are fewer than 2^13: no two pairs have one key.
    let key = incarnation &<< 13 | UInt64(UInt32(bitPattern: model))
    var position = Self.position(key)
    while true {
      let number = Int(index[position])
      if number == 0 { return insert(model, incarnation, key, at: position) }
      if keys[number - 1].key == key { return number - 1 }
      position = (position + 1) & (Self.indexSize - 1)
    }
  }

  private static func position(_ key: UInt64) -> Int {
    let mixed = key &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 51)
  }

  private mutating func insert(
    _ model: Int32,
    _ incarnation: UInt64,
    _ key: UInt64,
    at position: Int
  ) -> Int {
    guard keys.count < Self.pairs else {
      pairLimit &+= 1
      return 0
    }
    keys.append(Pair(key: key, model: model, incarnation: incarnation))
    index[position] = UInt16(truncatingIfNeeded: keys.count)
    return keys.count - 1
  }

  /// Backends have come or gone: a new one starts from zero in its slot, and when room gets scarce,
  /// pairs of those that are gone are forgotten.
  mutating func adopt(_ table: RouteTable) {
    while backends.count < table.slotCount { backends.append(BackendCounts(incarnation: 0)) }
    for backend in table.backends {
      let record = backend.record
      if backends[record.slot].incarnation != record.incarnation {
        backends[record.slot] = BackendCounts(incarnation: record.incarnation)
      }
    }
    if keys.count > crowded { forgetPairs(notIn: table) }
  }

  private mutating func forgetPairs(notIn table: RouteTable) {
    var alive = Set(table.backends.lazy.map(\.record.incarnation))
    alive.formUnion([0, .max])
    var kept: [Pair] = []
    for (number, pair) in keys.enumerated() where alive.contains(pair.incarnation) {
      pairCounts[kept.count] = pairCounts[number]
      kept.append(pair)
    }
    // A large fleet isn't searched for the dead with each table.
    crowded = max(Self.pairs / 4 * 3, min(kept.count + 256, Self.pairs - 1))
    memset(pairCounts + kept.count, 0, (keys.count - kept.count) * MemoryLayout<PairCounts>.stride)
    memset(index, 0, Self.indexSize * MemoryLayout<UInt16>.stride)
    keys = kept
    for (number, pair) in kept.enumerated().dropFirst() {
      var position = Self.position(pair.key)
      while index[position] != 0 { position = (position + 1) & (Self.indexSize - 1) }
      index[position] = UInt16(truncatingIfNeeded: number + 1)
    }
  }

  // MARK: What is handed out

  /// Copies everything that was counted.
  ///
  /// Once per look at the metrics.
  borrowing func snapshot() -> TelemetrySnapshot {
    var snapshot = TelemetrySnapshot()
    snapshot.total = total
    snapshot.pairLimit = pairLimit
    snapshot.pairs.reserveCapacity(keys.count)
    for (number, pair) in keys.enumerated() {
      snapshot.pairs.append(
        .init(model: pair.model, incarnation: pair.incarnation, counts: pairCounts[number])
      )
    }
    snapshot.models = touchedModels.map { .init(model: $0, counts: modelCounts[Int($0)]) }
    snapshot.backends = backends
    return snapshot
  }
}
