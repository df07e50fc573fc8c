import Glibc
@testable import OAIRBench
import Testing

struct ProcessUsageTests {
  @Test
  func `this process has used CPU time and memory, and uses more`() throws {
    let before = try #require(ProcessUsage(of: getpid()))
    #expect(before.cpu > 0 && before.resident > 1 << 20)
    var sum: UInt64 = 0
    var after = before
    while after.cpu - before.cpu < 20_000_000 {
      for value in 0..<100_000 as Range<UInt64> { sum = sum &* 31 &+ value }
      after = try #require(ProcessUsage(of: getpid()))
    }
    #expect(sum != 0)
    var used = ProcessUsage()
    used.add(after, since: before)
    #expect(used.cpu >= 20_000_000)
  }

  @Test
  func `nobody has used nothing`() {
    #expect(ProcessUsage(of: Int32.max) == nil)
  }

  @Test
  func `a name may hold spaces and parentheses`() throws {
    let stat = "12 (a) (b c) R 1 2 3 4 5 6 7 8 9 10 111 222 0 0 20 0"
    let (user, system) = try #require(ProcessUsage.ticks(stat))
    #expect(user == 111 && system == 222)
    #expect(ProcessUsage.ticks("12 (a) R 1") == nil && ProcessUsage.ticks("") == nil)
  }

  @Test
  func `memory is what the status says`() {
    #expect(ProcessUsage.resident("Name:\tx\nVmRSS:\t    5432 kB\nThreads:\t1\n") == 5432 * 1024)
    #expect(ProcessUsage.resident("Name:\tkthreadd\n") == 0)
  }
}
