import OAIRRouting

// Several workers' reports as one. What they share is in each of them, and counts once; everything
// else adds up.

/// Adds numbers to numbers: both values are UInt64s side by side, and nothing else.
private func addWords<Value: BitwiseCopyable>(_ other: Value, to value: inout Value) {
  let size = MemoryLayout<UInt64>.size
  precondition(MemoryLayout<Value>.size % size == 0, "not a value of whole words")
  withUnsafeMutableBytes(of: &value) { sum in
    withUnsafeBytes(of: other) { added in
      for offset in stride(from: 0, to: sum.count, by: size) {
        let word =
          sum.load(fromByteOffset: offset, as: UInt64.self)
          &+ added.load(fromByteOffset: offset, as: UInt64.self)
        sum.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
      }
    }
  }
}

extension ProxyCounters {
  /// What several data planes have counted.
  public static func together(_ all: [ProxyCounters]) -> ProxyCounters {
    var sum = ProxyCounters()
    for counters in all { addWords(counters, to: &sum) }
    return sum
  }
}

extension ProxyReport {
  /// One report of all workers.
  ///
  /// - Parameter parts: of each worker, one or more.
  static func together(_ parts: [ProxyReport]) -> ProxyReport {
    guard parts.count > 1, var whole = parts.max(by: { $0.table.generation < $1.table.generation })
    else { return parts[0] }
    whole.slots = (0..<(parts.map(\.slots.count).max() ?? 0)).map { slot in
      Slot.together(parts.compactMap { $0.slots.indices.contains(slot) ? $0.slots[slot] : nil })
    }
    whole.counters = ProxyCounters.together(parts.map(\.counters))
    whole.workers = parts.flatMap(\.workers)
    whole.connections = parts.reduce(0) { $0 + $1.connections }
    whole.streams = parts.reduce(0) { $0 + $1.streams }
    whole.stage = parts.map(\.stage).max() ?? whole.stage
    let telemetry = parts.compactMap(\.telemetry)
    whole.telemetry = telemetry.count == parts.count ? .together(telemetry) : nil
    return whole
  }
}

extension ProxyReport.Slot {
  /// - Parameter all: of one slot, one or more.
  fileprivate static func together(_ all: [ProxyReport.Slot]) -> ProxyReport.Slot {
    // Who hasn't taken the newest table yet may speak of a former occupant.
    let newest = all.map(\.incarnation).max() ?? 0
    let known = all.filter { $0.incarnation == newest }
    var whole = known[0]
    for slot in known.dropFirst() {
      whole.idleConnections += slot.idleConnections
      whole.refusedBy = max(whole.refusedBy, slot.refusedBy)
      whole.unserved = whole.unserved.union(slot.unserved)
      whole.unservedUntil = max(whole.unservedUntil, slot.unservedUntil)
    }
    return whole
  }
}

extension TelemetrySnapshot {
  /// - Parameter all: of each worker, one or more.
  static func together(_ all: [TelemetrySnapshot]) -> TelemetrySnapshot {
    var whole = all[0]
    for other in all.dropFirst() { whole.add(other) }
    return whole
  }

  private mutating func add(_ other: TelemetrySnapshot) {
    addWords(other.total, to: &total)
    pairLimit += other.pairLimit
    streams += other.streams
    queued += other.queued
    upstreams += other.upstreams
    addPairs(other)
    var places = Dictionary(uniqueKeysWithValues: models.indices.map { (models[$0].model, $0) })
    for model in other.models {
      guard let place = places[model.model] else {
        places[model.model] = models.count
        models.append(model)
        continue
      }
      var counts = models[place].counts
      addWords(model.counts, to: &counts)
      models[place] = Model(model: model.model, counts: counts)
    }
    for (slot, its) in other.backends.enumerated() {
      guard slot < backends.count else {
        backends.append(its)
        continue
      }
      if its.incarnation > backends[slot].incarnation {
        backends[slot] = its
      } else if its.incarnation == backends[slot].incarnation {
        backends[slot].attempts += its.attempts
        addWords(its.failures, to: &backends[slot].failures)
      }
    }
  }

  private struct PairKey: Hashable {
    let model: Int32
    let incarnation: UInt64

    init(_ pair: Pair) {
      model = pair.model
      incarnation = pair.incarnation
    }
  }

  private mutating func addPairs(_ other: TelemetrySnapshot) {
    var places = Dictionary(uniqueKeysWithValues: pairs.indices.map { (PairKey(pairs[$0]), $0) })
    for pair in other.pairs {
      guard let place = places[PairKey(pair)] else {
        places[PairKey(pair)] = pairs.count
        pairs.append(pair)
        continue
      }
      var counts = pairs[place].counts
      addWords(pair.counts, to: &counts)
      pairs[place] = Pair(model: pair.model, incarnation: pair.incarnation, counts: counts)
    }
  }
}
