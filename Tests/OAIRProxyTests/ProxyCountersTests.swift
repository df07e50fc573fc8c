import Testing

@testable import OAIRProxy

struct ProxyCountersTests {
  /// Counters that metrics have in another form: by model, backend or reason, or as dropped lines.
  private static let told = [
    "attempts", "failovers", "retries", "rejections", "truncated", "clientsGone", "droppedRecords",
  ]

  @Test func `metrics tell every counter once`() {
    var counters = ProxyCounters()
    // Each has a number of its own, so that the lists can be compared by their numbers.
    withUnsafeMutableBytes(of: &counters) { bytes in
      let words = bytes.bindMemory(to: UInt64.self)
      for index in words.indices { words[index] = UInt64(index + 1) }
    }
    let fields = Mirror(reflecting: counters).children.map { ($0.label ?? "", $0.value as? UInt64) }
    let others = fields.filter { Self.told.contains($0.0) }.compactMap(\.1)
    #expect(others.count == Self.told.count)
    let shown =
      counters.limitHits.map(\.count) + counters.refusals.map(\.count)
      + counters.totals.map(\.count)
    #expect(Set(shown).count == shown.count)
    let missing = fields.filter { field in !(shown + others).contains { $0 == field.1 } }
    #expect(missing.isEmpty, "name them in limitHits, refusals or totals: \(missing)")
    let names =
      counters.limitHits.map(\.name) + counters.refusals.map(\.name) + counters.totals.map(\.name)
    #expect(Set(names).count == names.count)
  }
}
