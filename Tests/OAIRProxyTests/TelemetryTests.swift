import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRProxy

struct TelemetryTests {
  private func table(_ generation: UInt64, incarnations: [UInt64]) -> RouteTable {
    let members = incarnations.enumerated().map { slot, incarnation in
      let backend = Backend(
        id: "b\(incarnation)",
        endpoint: Endpoint(address: .loopback(port: UInt16(slot + 1)))
      )
      let record = BackendRecord(backend, slot: slot, incarnation: incarnation)
      return RouteMember(backend: RouteBackend(record: record, state: .ready), models: [])
    }
    return RouteTable(generation: generation, members: members, isListed: true)
  }

  @Test func `requests are counted by model, backend and status`() throws {
    var telemetry = Telemetry()
    for _ in 0..<3 {
      telemetry.countRequest(model: 5, incarnation: 7, status: 200, duration: 2_000_000)
    }
    telemetry.countRequest(model: 5, incarnation: 8, status: 502, duration: 1)
    telemetry.countRequest(model: 0, incarnation: 0, status: 70_000, duration: 1)
    let snapshot = telemetry.snapshot()
    let pair = try #require(snapshot.pairs.first { $0.model == 5 && $0.incarnation == 7 })
    let ok = try #require(StatusCodes.names.firstIndex(of: "200"))
    #expect(pair.counts.requests[ok] == 3)
    #expect(snapshot.pairs.count == 4)
    #expect(snapshot.models.first { $0.model == 5 }?.counts.duration.count == 4)
    #expect(Set(snapshot.models.map(\.model)) == [0, 5])
  }

  @Test func `pairs beyond the limit share one and are counted as hits`() {
    var telemetry = Telemetry()
    let surplus = 500
    for number in 0..<(Telemetry.pairs + surplus) {
      let model = Int32(number % 4000)
      telemetry.countRequest(
        model: model,
        incarnation: UInt64(1 + number / 4000),
        status: 200,
        duration: 1
      )
    }
    let snapshot = telemetry.snapshot()
    #expect(snapshot.pairs.count == Telemetry.pairs)
    // One is the others' own.
    #expect(snapshot.pairLimit == UInt64(surplus + 1))
    let all = snapshot.pairs.reduce(UInt64(0)) { sum, pair in
      pair.counts.requests.indices.reduce(sum) { $0 + pair.counts.requests[$1] }
    }
    #expect(all == UInt64(Telemetry.pairs + surplus))
  }

  @Test func `pairs of backends that are gone make room`() {
    var telemetry = Telemetry()
    telemetry.adopt(table(1, incarnations: [1, 2]))
    for incarnation in [UInt64(1), 2] {
      for model in 0..<2000 {
        telemetry.countRequest(
          model: Int32(model),
          incarnation: incarnation,
          status: 200,
          duration: 1
        )
      }
    }
    #expect(telemetry.snapshot().pairs.count == 4001)
    telemetry.adopt(table(2, incarnations: [3, 2]))
    let snapshot = telemetry.snapshot()
    #expect(snapshot.pairs.count == 2001)
    #expect(snapshot.pairs.allSatisfy { $0.incarnation == 2 || $0.incarnation == .max })
    // What was kept is found again, and what is new begins at zero.
    for model in 0..<2000 {
      telemetry.countRequest(model: Int32(model), incarnation: 2, status: 200, duration: 1)
    }
    telemetry.countRequest(model: 1, incarnation: 3, status: 200, duration: 1)
    let later = telemetry.snapshot()
    #expect(later.pairs.count == 2002 && later.pairLimit == 0)
    let ok = StatusCodes.names.firstIndex(of: "200") ?? 0
    for pair in later.pairs where pair.incarnation == 2 { #expect(pair.counts.requests[ok] == 2) }
    #expect(later.pairs.last?.counts.requests[ok] == 1)
  }

  @Test func `a slot's next occupant begins at zero and late news of the last one is dropped`() {
    var telemetry = Telemetry()
    telemetry.adopt(table(1, incarnations: [1]))
    telemetry.countBackend(slot: 0, incarnation: 1) { $0.attempts += 1 }
    #expect(telemetry.snapshot().backends[0].attempts == 1)
    telemetry.adopt(table(2, incarnations: [2]))
    telemetry.countBackend(slot: 0, incarnation: 1) { $0.attempts += 1 }
    telemetry.countBackend(slot: 9, incarnation: 1) { $0.attempts += 1 }
    #expect(telemetry.snapshot().backends[0].attempts == 0)
    telemetry.countBackend(slot: 0, incarnation: 2) { $0.failures.add(.lost) }
    #expect(telemetry.snapshot().backends[0].failures[.lost] == 1)
  }
}
