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

  private func desk() -> ReportDesk { ReportDesk { [woken] in woken.add(1) } }

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
}
