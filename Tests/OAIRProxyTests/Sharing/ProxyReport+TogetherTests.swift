import OAIRRouting
import Testing

@testable import OAIRProxy

struct ProxyReportTogetherTests {
  private func slot(
    _ incarnation: UInt64,
    inFlight: Int = 0,
    idle: Int = 0,
    refusedBy: UInt64 = 0,
    unserved: PathFamilies = [],
    until: UInt64 = 0
  ) -> ProxyReport.Slot {
    ProxyReport.Slot(
      incarnation: incarnation,
      inFlight: inFlight,
      idleConnections: idle,
      refusedBy: refusedBy,
      unserved: unserved,
      unservedUntil: until
    )
  }

  private func report(
    _ slots: [ProxyReport.Slot],
    requests: UInt64,
    connections: Int,
    stage: ProxyStage = .serving,
    generation: UInt64 = 1
  ) -> ProxyReport {
    var counters = ProxyCounters()
    counters.requests = requests
    counters.spinMisses = requests + 1
    var report = ProxyReport(
      slots: slots,
      counters: counters,
      connections: connections,
      heldBodyBytes: 9,
      stage: stage
    )
    report.streams = connections
    report.table = RouteTable(generation: generation, members: [], isListed: true)
    report.workers = [.init(requests: requests, connections: connections)]
    return report
  }

  @Test func `what each has adds up, and what they share counts once`() {
    let one = report(
      [slot(1, inFlight: 5, idle: 2, refusedBy: 7), slot(4)],
      requests: 10,
      connections: 3
    )
    let other = report(
      [slot(1, inFlight: 5, idle: 1, unserved: [.messages], until: 8)],
      requests: 20,
      connections: 4,
      stage: .draining,
      generation: 2
    )
    let whole = ProxyReport.together([one, other])
    let first = slot(1, inFlight: 5, idle: 3, refusedBy: 7, unserved: [.messages], until: 8)
    #expect(whole.slots == [first, slot(4)])
    #expect(whole.counters.requests == 30 && whole.counters.spinMisses == 32)
    #expect(whole.connections == 7 && whole.streams == 7 && whole.heldBodyBytes == 9)
    #expect(whole.stage == .draining && whole.table.generation == 2)
    #expect(whole.workers.map(\.requests) == [10, 20])
    #expect(whole.telemetry == nil)
  }

  @Test func `who is behind with the table speaks of nobody who is gone`() {
    let whole = ProxyReport.together([
      report([slot(1, idle: 3, refusedBy: 9)], requests: 0, connections: 0),
      report([slot(2, idle: 1)], requests: 0, connections: 0),
    ])
    #expect(whole.slots == [slot(2, idle: 1)])
  }

  @Test func `every number of the counters is added`() {
    var counters = ProxyCounters()
    withUnsafeMutableBytes(of: &counters) { bytes in
      for offset in stride(from: 0, to: bytes.count, by: 8) {
        bytes.storeBytes(of: UInt64(offset), toByteOffset: offset, as: UInt64.self)
      }
    }
    let sum = ProxyCounters.together([counters, counters, ProxyCounters()])
    withUnsafeBytes(of: sum) { bytes in
      for offset in stride(from: 0, to: bytes.count, by: 8) {
        #expect(bytes.load(fromByteOffset: offset, as: UInt64.self) == UInt64(2 * offset))
      }
    }
  }

  @Test func `telemetry adds up by model, backend and pair`() throws {
    var one = Telemetry()
    var other = Telemetry()
    one.countRequest(model: 3, incarnation: 1, status: 200, duration: 1)
    one.countRequest(model: 4, incarnation: 1, status: 200, duration: 1)
    one.total.localRequests += 2
    other.countRequest(model: 3, incarnation: 1, status: 200, duration: 1)
    other.countRequest(model: 3, incarnation: 2, status: 200, duration: 1)
    other.countRequest(model: 5, incarnation: 2, status: 200, duration: 1)
    other.total.localRequests += 3
    var (first, second) = (one.snapshot(), other.snapshot())
    first.queued = 1
    second.queued = 2
    let whole = TelemetrySnapshot.together([first, second])
    #expect(whole.total.localRequests == 5 && whole.queued == 3)
    let durations = Dictionary(
      uniqueKeysWithValues: whole.models.map { ($0.model, $0.counts.duration.count) }
    )
    #expect(durations == [3: 3, 4: 1, 5: 1])
    let shared = try #require(whole.pairs.first { $0.model == 3 && $0.incarnation == 1 })
    let number = try #require(StatusCodes.names.firstIndex { $0 == "200" })
    #expect(shared.counts.requests[number] == 2)
    #expect(whole.pairs.count { $0.incarnation == 2 } == 2)
  }
}
