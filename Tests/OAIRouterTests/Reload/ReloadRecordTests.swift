import OAIRouter
import Testing

struct ReloadRecordTests {
  @Test func `a rejected one leaves what holds, and the next good one clears it`() {
    let record = ReloadRecord()
    let start = record.state
    #expect(start.taken == 0 && start.rejected == 0 && start.problem == nil)
    #expect(start.takenAt > 1_700_000_000)
    record.rejected("f:1:2: no")
    #expect(record.state.problem == "f:1:2: no")
    #expect(record.state.takenAt == start.takenAt)
    record.taken(awaitingRestart: ["listen"])
    let end = record.state
    #expect(end.taken == 1 && end.rejected == 1 && end.problem == nil)
    #expect(end.awaitingRestart == ["listen"] && end.takenAt >= start.takenAt)
  }
}
