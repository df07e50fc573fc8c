import OAIRouter
import Testing

struct UpgradeRecordTests {
  @Test func `it goes on from what predecessors have counted`() {
    var state = UpgradeRecord.State()
    state.succeeded = 3
    let record = UpgradeRecord(state)
    record.failed("no")
    #expect(record.state.failed == 1 && record.state.problem == "no")
    record.succeeded()
    #expect(record.state.succeeded == 4 && record.state.problem == nil)
  }
}
