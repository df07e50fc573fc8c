import Synchronization
import Testing

@testable import OAIRProxy

struct ReportDeskTests {
  private let woken = Tally()
  private let answers = Tally()

  private static let report = ProxyReport(
    slots: [],
    counters: ProxyCounters(),
    connections: 7,
    heldBodyBytes: 0,
    stage: .serving
  )

  /// What came, in order; -1 for no report.
  private final class Tally: Sendable {
    private let seen = Mutex<[Int]>([])
    var values: [Int] { seen.withLock { $0 } }
    func add(_ value: Int) { seen.withLock { $0.append(value) } }
  }

  private func desk() -> ReportDesk { ReportDesk { [woken] _ in woken.add(1) } }

  private func ask(_ desk: ReportDesk) {
    desk.ask { [answers] in answers.add($0?.connections ?? -1) }
  }

  @Test func `all who wait get the one report, and get it once`() {
    let desk = desk()
    ask(desk)
    ask(desk)
    #expect(woken.values == [1, 1])
    #expect(answers.values == [])
    desk.post(Self.report)
    desk.post(Self.report)
    #expect(answers.values == [7, 7])
  }

  @Test func `once it is closed nobody waits, and the reactor isn't asked`() {
    let desk = desk()
    ask(desk)
    desk.close()
    ask(desk)
    #expect(answers.values == [-1, -1])
    #expect(woken.values == [1])
  }

  // MARK: Several workers

  private func part(_ connections: Int, telemetry: Bool = false) -> ProxyReport {
    var part = Self.report
    part.connections = connections
    part.telemetry = telemetry ? TelemetrySnapshot() : nil
    return part
  }

  private func workersDesk() -> ReportDesk {
    ReportDesk(workers: 2) { [woken] telemetry in woken.add(telemetry ? 2 : 1) }
  }

  @Test func `an answer is made of what all workers have said since it was asked for`() {
    let desk = workersDesk()
    ask(desk)
    desk.post(part(1), from: 0)
    desk.post(part(2), from: 0)
    #expect(answers.values == [])
    ask(desk)
    desk.post(part(40), from: 1)
    #expect(answers.values == [42])
    desk.post(part(5), from: 0)
    #expect(answers.values == [42, 45])
  }

  @Test func `one that has ended is there with its last words`() {
    let desk = workersDesk()
    desk.end(part(1), from: 1)
    ask(desk)
    desk.post(part(40), from: 0)
    #expect(answers.values == [41])
    ask(desk)
    desk.end(part(2), from: 0)
    #expect(answers.values == [41, 3])
  }

  @Test func `who wants everything waits for reports that have it`() {
    let desk = workersDesk()
    desk.ask(telemetry: true) { [answers] in
      answers.add($0?.telemetry == nil ? -1 : $0?.connections ?? -1)
    }
    ask(desk)
    #expect(woken.values == [2, 1])
    desk.post(part(1), from: 0)
    desk.post(part(2), from: 1)
    #expect(answers.values == [3])
    desk.post(part(10, telemetry: true), from: 1)
    desk.post(part(20, telemetry: true), from: 0)
    #expect(answers.values == [3, 30])
  }
}
