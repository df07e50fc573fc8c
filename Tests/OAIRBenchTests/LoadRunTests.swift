import Glibc
@testable import OAIRBench
import OAIRMock
import OAIRSys
import Testing

/// Real loads on a real fake backend, over loopback.
@Suite(.serialized) struct LoadRunTests {
  private func run(
    _ change: (inout Workload) -> Void = { _ in },
    mock: (inout MockOptions) throws -> Void = { _ in },
    processes: [Int32] = []
  ) throws -> RunFigures {
    var options = MockOptions()
    options.tokens = 4
    try mock(&options)
    let backend = MockBackend(options: options)
    let address = try backend.start()
    defer { backend.stop() }
    var target = BenchTarget(address: address, authority: "\(address)", models: options.models)
    target.processes = processes
    return try LoadRun.run(Self.short(change), target, try LoadControl())
  }

  private static func short(_ change: (inout Workload) -> Void) -> Workload {
    var workload = Workload()
    workload.connections = 4
    workload.seconds = 0.3
    workload.warmUpSeconds = 0.1
    change(&workload)
    return workload
  }

  @Test
  func `a closed loop has right answers and no errors`() throws {
    let figures = try run(processes: [getpid()])
    #expect(figures.requests > 0 && figures.errors == 0)
    let latency = try #require(figures.latency)
    #expect(latency.count == figures.requests && latency.p50 > 0)
    #expect(latency.p50 <= latency.p99 && latency.p99 <= latency.maximum)
    #expect(figures.firstEvent == nil && figures.sendLag == nil)
    let process = try #require(figures.process)
    #expect(process.perRequest ?? 0 > 0 && process.resident > 0)
    #expect(process.residentPeak >= process.resident)
  }

  @Test
  func `streams have a first event and gaps`() throws {
    let figures = try run {
      $0.isStreaming = true
    } mock: {
      $0.interTokenLatency = .milliseconds(5)
      $0.timeToFirstToken = .milliseconds(5)
    }
    #expect(figures.requests > 0 && figures.errors == 0, "\(figures.errorsByKind)")
    #expect(figures.eventsPerSecond > figures.requestsPerSecond)
    let first = try #require(figures.firstEvent)
    let gap = try #require(figures.interEvent)
    let latency = try #require(figures.latency)
    #expect(first.minimum >= 5000 && first.p50 <= latency.p50)
    // Four tokens and the reason that they end: four gaps, three of them of 5 ms. When this process
    // has to wait, several events come at once, but no stream has fewer.
    #expect(gap.count >= 3 * (figures.requests - 4))
    #expect(latency.minimum >= 5000 + 3 * 4000)
  }

  @Test
  func `an open loop keeps its rate, and counts from when requests were due`() throws {
    let figures = try run {
      $0.rate = 100
      $0.seconds = 0.5
    }
    #expect(figures.errors == 0 && figures.requests == 50)
    #expect(figures.sendLag?.count == 50)
  }

  @Test
  func `what waits in an open loop has waited since it was due`() throws {
    // One connection, 20 ms for each answer, 100 requests a second: half of them fall behind.
    let figures = try run {
      $0.rate = 100
      $0.connections = 1
      $0.warmUpSeconds = 0
      $0.seconds = 0.4
    } mock: {
      $0.timeToFirstToken = .milliseconds(20)
    }
    let latency = try #require(figures.latency)
    #expect(figures.backlogPeak > 5)
    // A closed loop would say 20 ms of each; the last ones have waited for half of the time.
    #expect(latency.maximum > 100_000)
    #expect(latency.minimum >= 20_000)
    #expect(figures.requests + figures.errors == 40)
  }

  @Test
  func `churn has a connection for each request`() throws {
    let figures = try run {
      $0.isChurning = true
      $0.isStreaming = true
    }
    #expect(figures.requests > 4 && figures.errors == 0, "\(figures.errorsByKind)")
    #expect(figures.reconnects >= figures.requests - 4)
  }

  @Test
  func `slow readers take their time, and are in no other figure`() throws {
    let figures = try run {
      $0.isStreaming = true
      $0.readRate = 100 << 10
      $0.slowReaders = 1
      $0.seconds = 0.6
      $0.maxTokens = 64
    } mock: {
      $0.tokens = 64
    }
    #expect(figures.errors == 0, "\(figures.errorsByKind)")
    #expect(figures.slowRequests > 0 && figures.requests > figures.slowRequests)
  }

  @Test
  func `bodies of all kinds are understood`() throws {
    for body in [Workload.Body.text(bytes: 300_000), .chat(bytes: nil), .chat(bytes: 3000)] {
      let figures = try run { $0.body = body }
      #expect(figures.requests > 0 && figures.errors == 0, "\(body): \(figures.errorsByKind)")
    }
    let list = try run {
      $0.body = .none
      $0.path = "/v1/models"
    }
    #expect(list.requests > 0 && list.errors == 0)
  }

  @Test(arguments: [
    ("reset", false, "reset"), ("eof-before-head", false, "closed"),
    ("short-body=5", false, "short_body"), ("no-terminator", true, "short_body"),
    ("cut-after=2", true, "reset"), ("eof-after=2", true, "short_body"),
    ("error-after=2", true, "stream_error"), ("no-end-marker", true, "no_done"),
    ("status=503", false, "status"),
  ])
  func `failures are counted by their kind`(fault: String, isStreaming: Bool, kind: String) throws {
    let figures = try run {
      $0.isStreaming = isStreaming
    } mock: {
      $0.fault = try MockFault(fault)
    }
    #expect(figures.requests == 0)
    #expect(Set(figures.errorsByKind.keys) == [kind])
    #expect(figures.errors > 0 && figures.errors == figures.errorsByKind[kind])
    #expect(figures.statuses == (kind == "status" ? ["503": figures.errors] : [:]))
  }

  @Test
  func `answers that don't come in time are counted`() throws {
    let figures = try run {
      $0.timeoutSeconds = 0.05
      $0.seconds = 0.6
    } mock: {
      $0.fault = try MockFault("no-response")
    }
    #expect(Set(figures.errorsByKind.keys) == ["timeout"])
  }

  @Test
  func `a port that nobody listens on is a failure to connect`() throws {
    let held = try BoundSocket(.loopback(port: 0))
    let target = BenchTarget(address: held.address, authority: "x", models: ["m"])
    let figures = try LoadRun.run(Self.short { _ in }, target, try LoadControl())
    #expect(figures.requests == 0 && Set(figures.errorsByKind.keys) == ["connect"])
    // Paused in between: 4 connections, a pause of 20 ms, 300 ms.
    #expect(figures.errors <= 80)
  }

  @Test
  func `streams with another number of events are counted`() throws {
    let right = try run {
      $0.isStreaming = true
      $0.expectedEvents = 8
    }
    let wrong = try run {
      $0.isStreaming = true
      $0.expectedEvents = 9
    }
    #expect(right.errors == 0 && right.requests > 0, "\(right.errorsByKind)")
    #expect(wrong.requests == 0 && Set(wrong.errorsByKind.keys) == ["event_count"])
  }

  @Test
  func `events that say when they were sent are timed`() throws {
    let figures = try run {
      $0.isStreaming = true
      $0.hasStamps = true
    } mock: {
      $0.stampsTokens = true
    }
    let delivery = try #require(figures.delivery)
    // Four tokens of each answer; some of others that weren't complete when it ended.
    #expect(delivery.count >= 4 * figures.requests - 16)
    #expect(delivery.minimum > 0 && delivery.maximum < 60_000_000)
  }

  @Test
  func `a run that is stopped tells what it has`() throws {
    let backend = MockBackend()
    let address = try backend.start()
    defer { backend.stop() }
    let control = try LoadControl()
    control.stop()
    let target = BenchTarget(address: address, authority: "\(address)", models: ["mock-model"])
    let figures = try LoadRun.run(Self.short { $0.seconds = 600 }, target, control)
    #expect(figures.seconds == 0 && figures.requests == 0)
  }
}
