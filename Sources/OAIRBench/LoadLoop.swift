import OAIRHTTP1
import OAIRReactor
import OAIRSys
import OAIRWire

// The load generator's loop. Owns its reactor, users and counts, and runs on a thread of its own
// from begin to end. What other threads see of it goes through `LoadControl`.
//
//   begin ── ramp ─┬─ warm-up ─┬─ measured time ─┬─ drain ─ over
//                  └ each user: request, answer, request …   (closed loop)
//                    arrivals: a user that is free, or the backlog   (open loop)
//
// Times are read from the clock at each answer, not once per tick: a tick that serves a hundred
// users must not lend the last one the time of the first.

struct LoadLoop: ~Copyable {
  static let controlOwner = UInt64.max
  static let clockOwner = UInt64.max - 1

  let workload: Workload
  let target: BenchTarget
  let control: LoadControl
  let family: WireFamily
  let method: HTTPMethod
  let http = HTTP1Limits()
  let requests: RequestSet
  var reactor: Reactor<LinuxKernel>
  var users: Slab<LoadConnection>
  var everyone: [Handle] = []
  var table: HeadTable
  // SAFETY: allocated in init, freed in deinit, used within one read.
  let scratch: UnsafeMutableRawBufferPointer
  var tally = Tally()

  /// The moments of the run, in nanoseconds of the reactor's clock.
  let begin: UInt64
  let measureBegin: UInt64
  var measureEnd: UInt64
  let rampInterval: UInt64
  let timeout: UInt64
  /// Open loop only.
  var arrivals: ArrivalSchedule?
  var backlog = Backlog()
  /// Open loop: who is free.
  var free: [Handle] = []
  var started = 0
  var inFlight = 0
  var serial: UInt64 = 0
  var doneInAll = 0
  var failedInAll = 0
  var eventsInAll = 0
  var isDraining = false
  var isOver = false
  private let clock: TimerFD
  private var clockTime = UInt64.max
  private var nextProgress: UInt64 = 0
  var meter: RunMeter

  /// Makes a loop that nothing is connected to.
  ///
  /// - Parameters:
  ///   - workload: one without a `problem`.
  ///   - clock: not armed.
  init(
    _ kernel: LinuxKernel,
    _ clock: consuming TimerFD,
    _ workload: Workload,
    _ target: BenchTarget,
    _ control: LoadControl
  ) {
    self.workload = workload
    self.target = target
    self.control = control
    family = workload.isStreaming ? WireFamily(path: workload.path) : .opaque
    method = workload.body == .none ? .get : .post
    requests = RequestSet(workload, target)
    reactor = Reactor(kernel: kernel, capacity: 2 * workload.connections + 2)
    users = Slab(capacity: workload.connections)
    table = HeadTable(capacity: http.fields)
    scratch = .allocate(byteCount: http.head + BenchLimits.readSize, alignment: 64)
    self.clock = clock
    begin = reactor.now
    measureBegin = begin &+ Self.nanoseconds(workload.warmUpSeconds)
    measureEnd = measureBegin &+ Self.nanoseconds(workload.seconds)
    rampInterval = Self.nanoseconds(workload.rampSeconds) / UInt64(workload.connections)
    timeout = Self.nanoseconds(workload.timeoutSeconds)
    if let rate = workload.rate {
      arrivals = ArrivalSchedule(
        begin: begin &+ Self.nanoseconds(workload.rampSeconds),
        rate: rate
      )
    }
    meter = RunMeter(target.processes)
    for number in 0..<workload.connections {
      let isSlow = workload.isSlow(number)
      everyone.append(users.insert(LoadConnection(number: number, isSlow: isSlow)))
    }
  }

  deinit { scratch.deallocate() }

  private static func nanoseconds(_ seconds: Double) -> UInt64 {
    UInt64((max(seconds, 0) * 1e9).rounded())
  }

  /// Turns until the run is over.
  ///
  /// - Throws: `SystemError` when epoll has no room.
  mutating func run() throws(SystemError) {
    _ = try reactor.registerBorrowed(control.stopping.descriptor, owner: Self.controlOwner)
    _ = try reactor.registerBorrowed(clock.descriptor, owner: Self.clockOwner)
    while !isOver {
      let next = nextMoment()
      if next != clockTime {
        clock.arm(at: next)
        clockTime = next
      }
      reactor.wait()
      advance()
      while let event = reactor.nextEvent() { handle(event) }
      if isDraining, inFlight == 0 { finishRun() }
      reactor.endTick()
      if reactor.now >= nextProgress { publishProgress() }
    }
    publishProgress()
  }

  private mutating func handle(_ event: ReactorEvent) {
    switch event {
    case .ready(_, owner: Self.controlOwner, _):
      if control.stopping.take() != nil { measureEnd = min(measureEnd, reactor.now) }
    case .ready(_, owner: Self.clockOwner, _): clockTime = 0  // fired: it is armed anew
    case .ready(let socket, let owner, let readiness):
      becameReady(Handle(bits: owner), socket, readiness)
    case .deadline(let socket, let owner): deadlinePassed(Handle(bits: owner), socket)
    case .timer(let owner): timerFired(Handle(bits: owner))
    }
  }

  // MARK: - Time

  /// When something is to be done that no socket tells of.
  private func nextMoment() -> UInt64 {
    var next = isDraining ? drainEnd : measureEnd
    if !meter.hasBegun { next = min(next, measureBegin) }
    if started < everyone.count, !isDraining { next = min(next, rampTime(started)) }
    if let arrivals, !isDraining { next = min(next, arrivals.next) }
    return next
  }

  private var drainEnd: UInt64 {
    measureEnd &+ (arrivals == nil ? BenchLimits.closedDrain : BenchLimits.openDrain)
  }

  private func rampTime(_ index: Int) -> UInt64 { begin &+ rampInterval &* UInt64(index) }

  private mutating func advance() {
    let now = reactor.now
    if !meter.hasBegun, now >= measureBegin { meter.begin(at: now) }
    if !isDraining, now >= measureEnd {
      meter.end(at: now)
      isDraining = true
      abandonBacklog()
    }
    guard !isDraining else {
      if now >= drainEnd { finishRun() }
      return
    }
    while started < everyone.count, now >= rampTime(started) {
      started += 1
      enter(everyone[started - 1])
    }
    takeArrivals(now)
  }

  private mutating func finishRun() {
    isOver = true
    guard arrivals != nil else { return }
    for user in everyone where users[user].phase == .busy && users[user].isMeasured {
      tally.add(.unfinished)
    }
  }

  private mutating func publishProgress() {
    nextProgress = reactor.now &+ BenchLimits.progressInterval
    meter.sample()
    control.publish(
      .init(
        requests: doneInAll,
        failures: failedInAll,
        events: eventsInAll,
        inFlight: inFlight
      )
    )
  }

  // MARK: - Who sends when

  /// A user begins: it sends at once, or connects and waits for what is due.
  private mutating func enter(_ user: Handle) {
    guard arrivals != nil else { return request(user, due: reactor.kernel.now()) }
    users[user].phase = .idle
    free.append(user)
    if !workload.isChurning { connect(user) }
  }

  private mutating func takeArrivals(_ now: UInt64) {
    while let due = arrivals?.pop(dueAt: now) {
      if let user = free.popLast() {
        request(user, due: due)
      } else if backlog.count < BenchLimits.backlog {
        backlog.append(due)
      } else if isInSample(due) {
        tally.add(.overload)
      }
    }
    tally.backlogPeak = max(tally.backlogPeak, backlog.count)
  }

  /// What was due in the measured time and never sent has failed; it isn't sent any more.
  private mutating func abandonBacklog() {
    while let due = backlog.popFirst() {
      if isInSample(due) { tally.add(.unfinished) }
    }
  }

  /// A user is free.
  mutating func next(_ user: Handle) {
    guard !isDraining else {
      users[user].phase = .idle
      return
    }
    guard arrivals != nil else { return request(user, due: reactor.kernel.now()) }
    if let due = backlog.popFirst() { return request(user, due: due) }
    users[user].phase = .idle
    free.append(user)
  }

  /// Whether a moment lies in the measured time.
  func isInSample(_ time: UInt64) -> Bool { time >= measureBegin && time < measureEnd }

  /// Whether what happens now to a user's request is counted: in a closed loop by the moment at
  /// which it happens, in an open one by that at which the request was due, so that those that take
  /// longest aren't left out.
  func counts(_ user: Handle, at now: UInt64) -> Bool {
    arrivals == nil ? isInSample(now) : users[user].isMeasured
  }

  /// The same for times, which leave slow readers out where there are others.
  func isTimed(_ user: Handle, at now: UInt64) -> Bool {
    !(users[user].isSlow && workload.leavesOutSlow) && counts(user, at: now)
  }
}

/// Moments at which requests were due that nobody was free to send, in order.
struct Backlog {
  private var moments: [UInt64] = []
  private var head = 0

  var count: Int { moments.count - head }

  mutating func append(_ due: UInt64) { moments.append(due) }

  mutating func popFirst() -> UInt64? {
    guard head < moments.count else { return nil }
    let first = moments[head]
    head += 1
    if head == moments.count || head >= 1024 && head * 2 >= moments.count {
      moments.removeFirst(head)
      head = 0
    }
    return first
  }
}
