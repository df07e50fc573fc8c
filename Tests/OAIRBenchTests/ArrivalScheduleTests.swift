@testable import OAIRBench
import Testing

struct ArrivalScheduleTests {
  @Test
  func `requests are due at a fixed rate that doesn't drift`() {
    var schedule = ArrivalSchedule(begin: 1000, rate: 3)
    var due: [UInt64] = []
    while let next = schedule.pop(dueAt: 1000 + 1_000_000_000) { due.append(next) }
    #expect(due == [1000, 333_334_333, 666_667_667, 1_000_001_000])
    while schedule.pop(dueAt: 1000 + 3_600_000_000_000) != nil {}
    #expect(schedule.count == 10_801)
    #expect(schedule.next == 1000 + 3_600_333_333_333)
  }

  @Test
  func `nothing is due before its time, and what is late keeps its own`() {
    var schedule = ArrivalSchedule(begin: 500, rate: 1_000_000)
    #expect(schedule.pop(dueAt: 499) == nil)
    #expect(schedule.pop(dueAt: 500) == 500)
    #expect(schedule.pop(dueAt: 500) == nil)
    #expect(schedule.pop(dueAt: 900_000) == 1500)
    #expect(schedule.pop(dueAt: 900_000) == 2500)
  }

  @Test
  func `the backlog is in order, however long it gets`() {
    var backlog = Backlog()
    var next: UInt64 = 0
    for due in 0..<10_000 as Range<UInt64> {
      backlog.append(due)
      if due % 3 == 0 {
        #expect(backlog.popFirst() == next)
        next += 1
      }
    }
    #expect(backlog.count == 10_000 - Int(next))
    while let due = backlog.popFirst() {
      #expect(due == next)
      next += 1
    }
    #expect(next == 10_000 && backlog.count == 0)
  }
}
