@testable import OAIRBench
import Testing

struct WorkloadTests {
  @Test
  func `no number is too large or too small to be refused`() {
    func problem(_ change: (inout Workload) -> Void) -> String {
      var workload = Workload()
      change(&workload)
      return workload.problem(descriptorLimit: 1 << 20, perConnection: 2) ?? ""
    }
    #expect(problem { $0.connections = .max }.hasPrefix("--connections must be"))
    #expect(problem { $0.connections = .min }.hasPrefix("--connections must be"))
    #expect(problem { $0.rate = 1e-12 }.hasPrefix("--rate must be"))
    #expect(problem { $0.rate = .nan }.hasPrefix("--rate must be"))
    #expect(problem { $0.rate = .infinity }.hasPrefix("--rate must be"))
    #expect(problem { $0.rate = BenchLimits.leastRate }.isEmpty)
    #expect(problem { $0.maxTokens = .max }.hasPrefix("--max-tokens must be"))
    #expect(problem { $0.timeoutSeconds = 1e12 }.hasPrefix("--timeout must be"))
    #expect(problem { $0.readRate = .max }.hasPrefix("--read-rate must be"))
    let events = problem {
      $0.isStreaming = true
      $0.expectedEvents = .max
    }
    #expect(events.hasPrefix("--expect-events must be"))
  }

  private func problem(_ change: (inout Workload) -> Void) -> String? {
    var workload = Workload()
    change(&workload)
    return workload.problem(descriptorLimit: 30_000)
  }

  @Test
  func `the standard load is fine`() {
    #expect(problem { _ in } == nil)
    #expect(problem { $0.connections = 20_000 } == nil)
    #expect(problem { $0.body = .none } == nil)
  }

  @Test
  func `each value out of its range is told`() {
    let cases: [(String, (inout Workload) -> Void)] = [
      ("--connections", { $0.connections = 0 }), ("--connections", { $0.connections = 20_001 }),
      ("--duration", { $0.seconds = 0 }), ("--duration", { $0.seconds = 3601 }),
      ("--warm-up", { $0.warmUpSeconds = 3601 }), ("--ramp", { $0.rampSeconds = 12 }),
      ("--rate", { $0.rate = 0 }), ("--rate", { $0.rate = -1 }), ("--rate", { $0.rate = .nan }),
      ("--rate", { $0.rate = 1_000_001 }), ("--timeout", { $0.timeoutSeconds = 0 }),
      ("path", { $0.path = "v1" }), ("path", { $0.path = "/v1 x" }),
      (
        "exclude",
        {
          $0.body = .none
          $0.isStreaming = true
        }
      ),
      ("256 bytes", { $0.body = .text(bytes: 255) }),
      ("64 MiB", { $0.body = .chat(bytes: 65 << 20) }),
      ("--read-rate", { $0.readRate = 0 }), ("needs --read-rate", { $0.slowReaders = 1 }),
      (
        "--slow-readers",
        {
          $0.readRate = 1
          $0.slowReaders = 17
        }
      ),
      ("--stream", { $0.expectedEvents = 3 }), ("--stamps needs", { $0.hasStamps = true }),
      ("--max-tokens", { $0.maxTokens = 0 }),
    ]
    for (name, change) in cases {
      let told = problem(change)
      #expect(told?.contains(name) == true, "\(name): \(told ?? "nothing")")
    }
  }

  @Test
  func `connections need descriptors`() {
    var workload = Workload()
    workload.connections = 1000
    #expect(workload.problem(descriptorLimit: 1024)?.contains("ulimit -n") == true)
    #expect(workload.problem(descriptorLimit: 1032) == nil)
    #expect(workload.problem(descriptorLimit: 2031, perConnection: 2)?.contains("2032") == true)
    #expect(workload.problem(descriptorLimit: 2032, perConnection: 2) == nil)
  }

  @Test
  func `slow readers are left out of the times where there are others`() {
    var workload = Workload()
    workload.readRate = 100
    #expect(workload.isSlow(15) && !workload.leavesOutSlow)
    workload.slowReaders = 2
    #expect(workload.isSlow(1) && !workload.isSlow(2) && workload.leavesOutSlow)
  }
}
