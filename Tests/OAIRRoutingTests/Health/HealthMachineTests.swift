import OAIRRouting
import Testing

struct HealthMachineTests {
  private let second: UInt64 = 1_000_000_000
  private let fast: UInt64 = 100_000_000

  /// The machine in each situation that differs.
  enum Situation: String, CaseIterable {
    case unknown, loading, ready, suspectBySilence, suspectByStatus, down, draining
  }

  private func machine(
    _ situation: Situation,
    policy: HealthPolicy = HealthPolicy(failures: 1)
  ) -> HealthMachine {
    var machine = HealthMachine(policy: policy, at: 0)
    switch situation {
    case .unknown: break
    case .loading: machine.tell(.probeFailed(.loading), at: 0)
    case .ready: machine.tell(.probeSucceeded, at: 0)
    case .suspectBySilence:
      machine.tell(.probeSucceeded, at: 0)
      for _ in 0..<policy.failures { machine.tell(.probeFailed(.timedOut), at: 0) }
    case .suspectByStatus:
      machine.tell(.probeSucceeded, at: 0)
      for _ in 0..<HealthPolicy.statusFailures { machine.tell(.signal(.statusFailure(500)), at: 0) }
    case .down: machine.tell(.probeFailed(.refused), at: 0)
    case .draining:
      machine.tell(.probeSucceeded, at: 0)
      machine.tell(.drainRequested, at: 0)
    }
    return machine
  }

  // Columns in the order of `Situation`: Unknown Loading Ready Suspect Suspect Down draininG.
  // One failure counts here, so that every event shows its full effect.
  private static let table: [(HealthEvent, String)] = [
    (.probeSucceeded, "R R R R S R G"),
    (.probeFailed(.refused), "D D D D D D D"),
    (.probeFailed(.unreachable), "D D D D D D D"),
    (.probeFailed(.timedOut), "S L S S S D G"),
    (.probeFailed(.closed), "D D D D D D D"),
    (.probeFailed(.status(500)), "D D D D D D D"),
    (.probeFailed(.loading), "L L L L L L G"),
    (.probeFailed(.malformed), "D D D D D D D"),
    (.signal(.refused), "D D D D D D D"),
    (.signal(.reset), "U L R S S D G"),
    (.signal(.timedOut), "U L R S S D G"),
    (.signal(.connectTimedOut), "S L S S S D G"),
    (.signal(.truncated), "U L R S S D G"),
    (.signal(.errorEvent), "U L R S S D G"),
    (.signal(.statusFailure(500)), "U L R S S D G"),
    (.signal(.statusFailure(501)), "U L R S S D G"),
    (.signal(.statusFailure(429)), "U L R S S D G"),
    (.signal(.success), "R L R R R D G"),
    (.signal(.bytesSeen), "U L R R S D G"),
    (.gone, "D D D D D D D"),
    (.drainRequested, "G G G G G D G"),
    (.drainCancelled, "U L R S S D R"),
    (.timePassed, "U L R S S D G"),
  ]

  @Test(arguments: table.map(\.0), Situation.allCases)
  func `every event in every situation leads where the table says`(
    event: HealthEvent,
    situation: Situation
  ) throws {
    let row = try #require(Self.table.first { $0.0 == event }?.1.split(separator: " "))
    let column = try #require(Situation.allCases.firstIndex(of: situation))
    var machine = machine(situation)
    let before = machine
    let decision = machine.handle(event, at: 0, maySuspect: true, jitter: 0)
    let letters: [BackendState: Substring] = [
      .unknown: "U", .loading: "L", .ready: "R", .suspect: "S", .down: "D", .draining: "G",
    ]
    #expect(letters[decision.state] == row[column])
    #expect(decision.state == machine.state && decision.nextProbe == machine.nextProbe)
    #expect(
      decision.hasChanged == (machine.state != before.state || machine.doubt != before.doubt)
    )
    let wasAway: Set<BackendState> = [.unknown, .loading, .down]
    #expect(decision.hasReturned == (wasAway.contains(before.health) && machine.health == .ready))
    // A backend that isn't well has a reason, and one that is has none.
    #expect((machine.doubt == nil) == (machine.health == .ready || machine.health == .unknown))
  }

  @Test(arguments: table.map(\.0))
  func `without consent no opinion makes suspect`(event: HealthEvent) {
    for situation in [Situation.unknown, .ready] {
      var machine = machine(situation)
      for _ in 0..<10 {
        let decision = machine.handle(event, at: 0, maySuspect: false, jitter: 0)
        #expect(decision.state != .suspect)
      }
    }
  }

  @Test func `a new machine wants a probe at once`() {
    let machine = HealthMachine(policy: HealthPolicy(), at: 42)
    #expect(machine.state == .unknown && machine.nextProbe == 42 && machine.deadline == nil)
  }

  // MARK: - Thresholds

  @Test func `the second timeout in a row makes suspect, not the first`() {
    var machine = machine(.ready, policy: HealthPolicy())
    machine.tell(.probeFailed(.timedOut), at: 0)
    #expect(machine.state == .ready)
    machine.tell(.probeSucceeded, at: 0)
    machine.tell(.probeFailed(.timedOut), at: 0)
    #expect(machine.state == .ready)
    machine.tell(.probeFailed(.timedOut), at: 0)
    #expect(machine.state == .suspect)
    #expect(machine.doubt == .probe(.timedOut))
    machine.tell(.probeSucceeded, at: 0)
    #expect(machine.state == .ready)
  }

  @Test func `suspicion waits for consent, then the next timeout is enough`() {
    var machine = machine(.ready, policy: HealthPolicy())
    for _ in 0..<3 {
      _ = machine.handle(.probeFailed(.timedOut), at: 0, maySuspect: false, jitter: 0)
    }
    #expect(machine.state == .ready)
    machine.tell(.probeFailed(.timedOut), at: 0)
    #expect(machine.state == .suspect)
  }

  @Test func `the second bad answer in a row makes down, and the first is asked about at once`() {
    var machine = machine(.ready, policy: HealthPolicy())
    let first = machine.handle(.probeFailed(.status(500)), at: 0, maySuspect: true, jitter: 0)
    #expect(first.state == .ready && first.nextProbe == fast)
    machine.tell(.probeFailed(.closed), at: fast)
    #expect(machine.state == .down && machine.doubt == .probe(.closed))
  }

  @Test func `answers between failures start the counts anew`() {
    var machine = machine(.ready, policy: HealthPolicy())
    for _ in 0..<3 {
      machine.tell(.probeFailed(.status(500)), at: 0)
      machine.tell(.probeSucceeded, at: 0)
      machine.tell(.probeFailed(.timedOut), at: 0)
      machine.tell(.probeFailed(.malformed), at: 0)
      machine.tell(.probeSucceeded, at: 0)
    }
    #expect(machine.state == .ready)
  }

  @Test func `a backend that sent bytes can't fail a probe by timeout`() {
    var machine = machine(.ready, policy: HealthPolicy())
    // An interval before the probe went out, 2 s in which it waited, and what was seen but not
    // told of yet.
    let lifetime = 7 * second + HealthPolicy().bytesReportInterval
    for tick in 0..<5 {
      let now = UInt64(tick) * lifetime
      machine.tell(.signal(.bytesSeen), at: now)
      machine.tell(.probeFailed(.timedOut), at: now + lifetime)
    }
    #expect(machine.state == .ready)
    machine.tell(.probeFailed(.timedOut), at: 5 * lifetime + 1)
    machine.tell(.probeFailed(.timedOut), at: 6 * lifetime)
    #expect(machine.state == .suspect)
    machine.tell(.signal(.bytesSeen), at: 6 * lifetime + 1)
    #expect(machine.state == .ready)
  }

  @Test(arguments: [
    BackendSignal.Kind.bytesSeen, .success, .statusFailure(503), .statusFailure(429),
  ])
  func `one that sends can't be doubted for a connection that took too long`(
    sign: BackendSignal.Kind
  ) {
    var machine = machine(.ready)
    machine.tell(.signal(sign), at: second)
    let busy = machine.handle(
      .signal(.connectTimedOut),
      at: 2 * second,
      maySuspect: true,
      jitter: 0
    )
    #expect(busy.state == .ready && busy.probesNow)
    machine.tell(.signal(.connectTimedOut), at: 20 * second)
    #expect(machine.state == .suspect)
  }

  @Test func `five failures in a row make suspect, a success between them doesn't let it come`() {
    var machine = machine(.ready)
    for _ in 0..<4 { machine.tell(.signal(.statusFailure(503)), at: 0) }
    machine.tell(.signal(.success), at: 0)
    for _ in 0..<4 { machine.tell(.signal(.statusFailure(503)), at: 0) }
    #expect(machine.state == .ready)
    let decision = machine.handle(
      .signal(.statusFailure(502)),
      at: 0,
      maySuspect: true,
      jitter: 0
    )
    #expect(decision.state == .suspect && decision.probesNow)
    #expect(machine.doubt == .statusFailures(502))
  }

  @Test func `client errors never count`() {
    var machine = machine(.ready)
    // 501 speaks of what was asked for.
    for status in [400, 401, 404, 408, 413, 429, 499, 501] {
      for _ in 0..<5 { machine.tell(.signal(.statusFailure(status)), at: 0) }
    }
    #expect(machine.state == .ready)
  }

  @Test func `suspicion by failures ends by itself, and doubles from 5 to 60 seconds`() {
    var machine = machine(.ready)
    var now: UInt64 = 0
    for length in [5, 10, 20, 40, 60, 60] {
      for _ in 0..<5 { machine.tell(.signal(.statusFailure(500)), at: now) }
      #expect(machine.state == .suspect)
      #expect(machine.deadline == now + UInt64(length) * second)
      // An answered probe doesn't shorten it.
      machine.tell(.probeSucceeded, at: now + 1)
      now += UInt64(length) * second
      machine.tell(.timePassed, at: now - 1)
      #expect(machine.state == .suspect)
      machine.tell(.timePassed, at: now)
      #expect(machine.state == .ready && machine.deadline == nil && machine.doubt == nil)
    }
    now += 60 * second
    for _ in 0..<5 { machine.tell(.signal(.statusFailure(500)), at: now) }
    #expect(machine.deadline == now + 5 * second)
  }

  @Test func `successes in a row can be asked for, and a refusal starts them anew`() {
    var machine = machine(.down, policy: HealthPolicy(successes: 2))
    machine.tell(.probeSucceeded, at: 0)
    #expect(machine.state == .down)
    machine.tell(.probeFailed(.refused), at: 0)
    machine.tell(.probeSucceeded, at: 0)
    #expect(machine.state == .down)
    machine.tell(.signal(.refused), at: 0)
    machine.tell(.probeSucceeded, at: 0)
    #expect(machine.state == .down)
    machine.tell(.probeSucceeded, at: 0)
    #expect(machine.state == .ready)
  }

  @Test func `a new backend needs one success, whatever the policy`() {
    var machine = machine(.unknown, policy: HealthPolicy(successes: 5))
    machine.tell(.probeSucceeded, at: 0)
    #expect(machine.state == .ready)
  }

  @Test func `a drained backend that dies is down, and drains on when it is back`() {
    var machine = machine(.draining)
    machine.tell(.signal(.refused), at: 0)
    #expect(machine.state == .down)
    machine.tell(.probeSucceeded, at: 0)
    #expect(machine.state == .draining)
    machine.tell(.drainCancelled, at: 0)
    #expect(machine.state == .ready)
  }

  // MARK: - Times of probes

  @Test(arguments: [(-1.0, 4.5), (0, 5), (1, 5.5), (7, 5.5), (-7, 4.5)])
  func `a backend that answers is probed at the interval, ten percent up or down`(
    jitter: Double,
    seconds: Double
  ) {
    var machine = machine(.ready, policy: HealthPolicy())
    let decision = machine.handle(.probeSucceeded, at: second, maySuspect: true, jitter: jitter)
    #expect(decision.nextProbe == second + UInt64(seconds * Double(second)))
  }

  @Test(arguments: [(-1.0, 0.1), (-0.5, 1.25), (0, 2.5), (1, 5), (7, 5)])
  func `the first time after it came up falls anywhere within the interval`(
    jitter: Double,
    seconds: Double
  ) {
    for situation in [Situation.unknown, .loading, .down] {
      var machine = machine(situation, policy: HealthPolicy())
      let decision = machine.handle(.probeSucceeded, at: second, maySuspect: true, jitter: jitter)
      #expect(decision.nextProbe == second + UInt64(seconds * Double(second)))
      let next = machine.handle(.probeSucceeded, at: 9 * second, maySuspect: true, jitter: 0)
      #expect(next.nextProbe == 14 * second)
    }
  }

  @Test(arguments: [ProbeFailure.refused, .loading, .timedOut])
  func `one that isn't up is probed fast for a minute, then at most every 2 seconds`(
    failure: ProbeFailure
  ) {
    var machine = HealthMachine(policy: HealthPolicy(failures: 1_000), at: 0)
    for now in stride(from: 0, to: 60 * second, by: 7 * Int(second)) {
      machine.tell(.probeFailed(failure), at: now)
      #expect(machine.nextProbe == now + fast)
    }
    var delays: [UInt64] = []
    for _ in 0..<7 {
      machine.tell(.probeFailed(failure), at: 60 * second)
      delays.append((machine.nextProbe - 60 * second) / fast)
    }
    #expect(delays == [2, 4, 8, 16, 20, 20, 20])
  }

  @Test func `each absence starts its own fast minute`() {
    var machine = machine(.ready)
    let later = 500 * second
    machine.tell(.probeFailed(.refused), at: later)
    #expect(machine.nextProbe == later + fast)
    machine.tell(.probeFailed(.loading), at: later + 61 * second)
    #expect(machine.nextProbe == later + 61 * second + 2 * fast)
    machine.tell(.probeSucceeded, at: later + 62 * second)
    machine.tell(.signal(.refused), at: later + 63 * second)
    machine.probeStarted(at: later + 63 * second)
    machine.tell(.probeFailed(.refused), at: later + 63 * second)
    #expect(machine.nextProbe == later + 63 * second + fast)
  }

  @Test func `one that is told of anew while it is away gets a fast minute of its own`() {
    var machine = HealthMachine(policy: HealthPolicy(), at: 0)
    for _ in 0..<5 { machine.tell(.probeFailed(.refused), at: 61 * second) }
    #expect(machine.nextProbe == 63 * second)
    machine.probeStarted(at: 63 * second)
    machine.tell(.probeFailed(.refused), at: 63 * second)
    machine.wasToldAnew(at: 64 * second)
    #expect(machine.nextProbe == 64 * second)
    machine.probeStarted(at: 64 * second)
    machine.tell(.probeFailed(.refused), at: 64 * second)
    #expect(machine.nextProbe == 64 * second + fast)
    machine.tell(.probeSucceeded, at: 65 * second)
    let next = machine.nextProbe
    machine.wasToldAnew(at: 65 * second)
    #expect(machine.nextProbe == next, "one that answers is asked in its own time")
  }

  @Test(arguments: [
    BackendSignal.Kind.refused, .reset, .timedOut, .truncated, .errorEvent,
  ])
  func `signals of trouble bring the probe forward, but not closer than 100 ms to the last`(
    kind: BackendSignal.Kind
  ) {
    var machine = machine(.ready)
    machine.probeStarted(at: second)
    machine.tell(.probeSucceeded, at: second)
    let first = machine.handle(.signal(kind), at: second + 1, maySuspect: true, jitter: 0)
    #expect(first.probesNow && first.nextProbe == second + fast)
    let late = machine.handle(.signal(kind), at: 3 * second, maySuspect: true, jitter: 0)
    #expect(late.nextProbe == second + fast)
    var idle = self.machine(.ready)
    idle.probeStarted(at: 0)
    idle.tell(.probeSucceeded, at: 0)
    let now = idle.handle(.signal(kind), at: 3 * second, maySuspect: true, jitter: 0)
    #expect(now.nextProbe == 3 * second)
  }

  @Test func `a signal that comes while a probe is under way asks for another one`() {
    var machine = machine(.ready)
    machine.probeStarted(at: second)
    machine.tell(.signal(.reset), at: second + 5)
    machine.tell(.probeSucceeded, at: second + 10)
    #expect(machine.nextProbe == second + fast)
    machine.probeStarted(at: second + fast)
    machine.tell(.probeSucceeded, at: second + fast)
    #expect(machine.nextProbe == 6 * second + fast)
  }

  @Test func `every doubt has words of its own`() {
    let doubts: [HealthDoubt] = [
      .probe(.refused), .probe(.unreachable), .probe(.timedOut), .probe(.closed),
      .probe(.status(500)), .probe(.loading), .probe(.malformed), .refusedRequest,
      .statusFailures(503), .gone,
    ]
    #expect(Set(doubts.map(\.description)).count == doubts.count)
    #expect(HealthDoubt.statusFailures(503).description.contains("503"))
  }
}

extension HealthMachine {
  fileprivate mutating func tell(_ event: HealthEvent, at now: UInt64) {
    _ = handle(event, at: now, maySuspect: true, jitter: 0)
  }
}
