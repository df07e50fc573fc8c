import OAIRHTTP1
import OAIRReactor
public import OAIRRouting
public import OAIRSys

// The data plane: one value that owns every client and backend connection of one reactor, on that
// reactor's thread. Nothing here awaits, locks per request, blocks or formats logs. Tables come in
// and signals go out as immutable values (`ProxyMailbox`, `SignalOutbox`, `AccessRing`).
//
// The life of a request, in the order of the files:
//   Downstream/Proxy+Listener    1 accept
//   Exchange/Proxy+Request       2 readHead  3 dispatch  4 readBody
//   Exchange/Proxy+Route         5 route
//   Exchange/Proxy+Candidate, Proxy+Queue
//   Exchange/Proxy+Attempt       6 connect  7 send
//   Exchange/Proxy+Response      8 await  9 respond  10 splice
//   Exchange/Proxy+Finish        11 finish  12 record
// `ExchangeMachine` decides; these perform.

/// The data plane on a kernel, real or simulated.
///
/// Single-threaded; a local variable of its thread.
public struct Proxy<K: Kernel>: ~Copyable {
  var reactor: Reactor<K>
  var exchanges: ExchangePool
  var downstreams: Slab<Downstream>
  var upstreams: Slab<Upstream>
  /// What it shares with the router's other workers; the views below are of its memory.
  let commons: Commons
  /// Its number among the workers, from 0.
  let worker: Int
  /// There are other workers.
  let isShared: Bool
  let places: WaitBoard
  let memory: WaitBoard
  let shares: ConnectionShares
  var slots: BackendSlots
  var scratch: Scratch
  var table = RouteTable.empty
  var selector: CandidateSelector
  let ledger: BodyLedger
  /// What was counted since the start.
  public internal(set) var counters: ProxyCounters {
    @inline(__always) _read { yield storedCounters.value }
    @inline(__always) _modify { yield &storedCounters.value }
  }
  private var storedCounters = Aside(ProxyCounters())

  let limits: ProxyLimits
  /// What new exchanges go by; those under way have pinned theirs.
  var settings: ProxySettings
  let keyAccounts: KeyAccounts
  var telemetry = Telemetry()
  var retryBudget: RetryBudget
  private var mailbox: Mailbox<ProxyMail>?
  let outbox: SignalOutbox?
  let ring: AccessRing?
  private let reports: ReportDesk?
  /// Makes text of what was counted; nil when nobody is to see it.
  let metricsPrinter: MetricsPrinter?
  let requestIDs: RequestIDSource

  var listeners: [Handle] = []
  /// Those that only this machine can reach.
  var loopbackListeners: [Handle] = []
  var pausedListeners: [Handle] = []
  /// Connections that another worker has passed on while there was no room; at most as many as
  /// places were taken for them here.
  var waitingConnections: [PassedConnection] = []
  /// There is a timer for both.
  var isResumptionDue = false
  var lifecycle = Lifecycle.running
  /// Another process goes on by the same listeners: who asks here asks about both.
  var hasSuccessor = false
  /// When the last client must have taken everything; known once the time for the drain is over.
  var lastWrite = UInt64.max
  var serial: UInt64 = 0
  var random: SplitMix64
  var signals: [BackendSignal] = []
  var date = HTTPDate()
  /// Exchanges whose bodies wait for memory, in the order of their arrival.
  var waitingForMemory: [Handle] = []
  /// The one that may use the ledger's last share.
  var memoryFinisher = Handle.none
  /// Answers that backends finish for nobody at this time.
  var leftoverCount = 0
  /// The ends of the list of all idle connections to backends.
  var oldestIdle = Handle.none
  var youngestIdle = Handle.none
  /// What may still be moved in this tick of bodies, and of requests behind others.
  var bulk = BulkBudget()
  /// Large blocks of bodies that are over, for the next ones.
  var spares = SpareBlocks(limit: ProxyLimits.spareMemory)
  /// A timer runs that gives spare blocks back.
  var isShrinking = false
  /// A timer runs that looks whether a peak is over.
  var isCalmDue = false
  /// A peak is over whose memory the allocator still has.
  var owesHeap = false
  /// Memory was given back since somebody waits for it.
  var isMemoryFreed = false
  /// Exchanges that wait for a place at a backend.
  var queue: RequestQueue
  /// Somebody waits, and may be served since.
  var isPlaceFreed = false
  /// What has become free in this tick that another worker may wait for.
  var freed = FreedPlaces()
  /// What this worker's requests wait for has changed since others were told.
  var queueChange = QueueChange.none
  /// Memory was given back since a body on another worker waits for it.
  var isMemoryFreedForOthers = false
  /// Bodies have begun to wait since others were told.
  var isMemoryAwaited = false
  /// A timer runs that looks after those who wait.
  var isLookDue = false
  /// Places are being given out.
  var isGranting = false
  /// Exchanges that wait for the first listing, in the order of their arrival.
  var waitingForListing: [Handle] = []
  /// Looks at the metrics whose text is being made.
  var metricsOrders = 0
  /// Streams whose content is on its way.
  var streamCount = 0
  private let inPlace = InPlace()

  /// Where the proxy is between start and stop.
  enum Lifecycle: Equatable {
    case running
    /// It serves as before, but says that it is about to drain (`drain_delay`).
    case leaving
    case draining
    case stopped
  }

  /// Makes a data plane without listeners or backends.
  ///
  /// - Parameters:
  ///   - kernel: the real one, or a simulated one.
  ///   - options: limits, timeouts, retries.
  ///   - connections: client connections at one time, 1 or more.
  ///   - commons: what it shares with others; nil when it is alone.
  ///   - worker: its number among them, from 0.
  ///   - outbox: where signals go; nil to drop them.
  ///   - ring: where access records go; nil to drop them.
  ///   - reports: where reports go that the mail asks for.
  ///   - metricsPrinter: makes text of what was counted; nil when nobody is to see it.
  ///   - seed: makes ties and ids; the same seed makes the same choices.
  public init(
    kernel: K,
    options: ProxyOptions,
    connections: Int,
    commons: Commons? = nil,
    worker: Int = 0,
    outbox: SignalOutbox? = nil,
    ring: AccessRing? = nil,
    reports: ReportDesk? = nil,
    metricsPrinter: MetricsPrinter? = nil,
    seed: UInt64
  ) {
    let connections = min(max(1, connections), OwnerTag.maximumSlots / 4)
    limits = options.limits
    let commons = commons ?? Commons(options.limits)
    self.commons = commons
    self.worker = worker
    isShared = commons.isShared
    places = commons.places
    memory = commons.memory
    shares = commons.shares
    slots = commons.slots
    ledger = commons.ledger
    keyAccounts = commons.keys
    settings = ProxySettings(options)
    retryBudget = RetryBudget(
      percent: options.retry.budgetPercent,
      workers: commons.workers
    )
    exchanges = ExchangePool(settings: settings, limits: options.limits.http)
    downstreams = Slab(capacity: connections)
    // One backend connection per client, and the idle ones.
    upstreams = Slab(capacity: connections + 32)
    // What closes has its place until the tick ends. Twice the places: all may close in one tick
    // and have their successors in it, as when a backend dies on which everybody is. 64 for
    // listeners, the mailbox and the like. Places that nobody has had take no memory.
    reactor = Reactor(kernel: kernel, capacity: 2 * (2 * connections + 32) + 64)
    reactor.keepReserve()
    scratch = Scratch(limits: options.limits.http)
    selector = CandidateSelector(options.selection.balance)
    queue = RequestQueue(limit: options.selection.queue)
    self.outbox = outbox
    self.ring = ring
    self.reports = reports
    self.metricsPrinter = metricsPrinter
    random = SplitMix64(seed: seed)
    requestIDs = RequestIDSource(seed: random.next())
  }

  /// Starts to take tables and commands from other threads.
  ///
  /// Without it the owner calls `adopt` and `beginDrain` itself.
  ///
  /// - Throws: `SystemError` when epoll can't take the mailbox's descriptor.
  mutating func open(_ mailbox: Mailbox<ProxyMail>) throws(SystemError) {
    _ = try reactor.registerBorrowed(mailbox.descriptor, owner: OwnerTag(.mailbox).bits)
    self.mailbox = mailbox
    // Nobody is to be served without the backends that are known by now.
    takeMail()
  }

  /// Client connections that are open.
  public var connectionCount: Int { downstreams.count }
  /// Bytes of request bodies that are held.
  public var heldBodyBytes: Int { ledger.reserved }
  /// Connections to backends, idle ones included.
  public var upstreamCount: Int { upstreams.count }
  /// True after a drain has ended: nothing is open but backend connections that no client waits
  /// for.
  public var isStopped: Bool { lifecycle == .stopped }

  /// New connections are served, and requests may follow each other on one.
  var isAccepting: Bool { lifecycle == .running || lifecycle == .leaving }
  /// What administrators are told of the lifecycle.
  var stage: ProxyStage {
    switch lifecycle {
    case .running: .serving
    case .leaving: .leaving
    case .draining, .stopped: .draining
    }
  }
  /// No client is served any more, and no backend finishes what one has left.
  private var isDrained: Bool { downstreams.count == 0 && leftoverCount == 0 }
  /// The time that a drain may take is over.
  var isDrainOver: Bool { lastWrite != .max }

  /// Turns the loop until the proxy has stopped.
  public mutating func run() {
    // It may have been told to drain before it began: nothing would wake it then.
    stopIfDrained()
    if lifecycle == .stopped { reactor.endTick() }
    while lifecycle != .stopped, runTick() {}
  }

  /// One turn of the loop.
  ///
  /// - Parameter limit: the longest wait in nanoseconds; nil waits for events only.
  /// - Returns: false once the proxy has stopped.
  public mutating func runTick(limit: UInt64? = nil) -> Bool {
    reactor.wait(limit: limit)
    if reactor.lastTurn > 0 { telemetry.total.loop.add(reactor.lastTurn, unit: HistogramUnit.loop) }
    // Whoever comes with bulk work now stands behind those who wait with theirs.
    let isContended = reactor.hasPostponed
    bulk.beginTick(at: reactor.now, isContended: isContended)
    while let event = reactor.nextEvent() { handle(event) }
    if isContended { servePostponed() }
    if isShared {
      settleMemory()
      settleQueue()
    } else {
      if isMemoryFreed { grantMemory() }
      if isPlaceFreed { grantPlaces() }
    }
    if !signals.isEmpty { postSignals() }
    if lifecycle == .draining { stopIfDrained() }
    reactor.endTick()
    return lifecycle != .stopped
  }

  /// Ends the loop once nothing is under way, and no other worker has a connection for this one.
  private mutating func stopIfDrained() {
    guard lifecycle == .draining, isDrained, !isShared || shares.close(worker) else { return }
    lifecycle = .stopped
  }

  /// Gives the tick's bulk work to those who wait for it, each at most once.
  private mutating func servePostponed() {
    bulk.beginPostponed()
    for _ in 0..<reactor.postponedCount {
      guard !bulk.isSpent, let event = reactor.nextPostponed() else { return }
      handle(event)
    }
  }

  private mutating func handle(_ event: ReactorEvent) {
    switch event {
    case .ready(let registration, let owner, let readiness):
      guard let tag = OwnerTag(bits: owner) else { return }
      switch tag.kind {
      case .downstream: downstreamReady(tag.handle, readiness)
      case .upstream: upstreamReady(tag.handle, readiness)
      case .listener: acceptConnections(registration)
      case .mailbox: takeMail()
      case .acceptPause, .drainDelay, .drain, .spares, .pages, .look: break
      }
    case .deadline(_, let owner):
      guard let tag = OwnerTag(bits: owner) else { return }
      if tag.kind == .downstream { downstreamDeadline(tag.handle) }
      if tag.kind == .upstream { upstreamDeadline(tag.handle) }
    case .timer(let owner):
      guard let tag = OwnerTag(bits: owner) else { return }
      if tag.kind == .acceptPause { resumeListeners() }
      if tag.kind == .drainDelay { beginDrain() }
      if tag.kind == .drain { endDrain() }
      if tag.kind == .spares { shrinkSpares() }
      if tag.kind == .pages { releasePages() }
      if tag.kind == .look {
        isLookDue = false
        lookAfterWaiting()
      }
    }
  }

  // MARK: What comes in from other threads

  private mutating func takeMail() {
    let taken = mailbox?.take()
    // Another worker rings the same bell when it has freed something.
    if isShared { lookAfterWaiting() }
    guard let mail = taken else { return }
    if let options = mail.options { adopt(options) }
    if let table = mail.table { adopt(table) }
    for connection in mail.passed { takeOver(connection) }
    for connection in mail.connections { takeOver(connection) }
    switch mail.command {
    case .leave: beginLeaving()
    case .leaveListeners: leaveListeners()
    case .drain: beginDrain()
    case .handOver:
      hasSuccessor = true
      beginDrain()
    case .stop:
      beginDrain()
      endDrain()
    case nil: break
    }
    if mail.wantsReport { reports?.post(report(telemetry: mail.wantsTelemetry), from: worker) }
    for page in mail.metrics { answerMetrics(page) }
  }

  /// Goes on with a new table.
  ///
  /// Exchanges under way keep the records that they have pinned.
  public mutating func adopt(_ newer: RouteTable) {
    slots.grow(to: newer.slotCount)
    selector.adopt(newer, after: table)
    table = newer
    telemetry.adopt(newer)
    if !queue.isEmpty { regroupQueue() }
    for (slot, incarnation) in liveIncarnations() where slots[slot].incarnation != incarnation {
      closeIdle(ofSlot: slot)
      slots[slot].incarnation = incarnation
      slots[slot].refusedBy = 0
      slots[slot].owesSuccess = false
      slots[slot].bytesReportedAt = 0
      slots[slot].unservedUntil = 0
      slots.setServiceTime(slot, 0)
    }
    if !waitingForListing.isEmpty { resumeWaiting() }
    abandonDown()
    if isPlaceFreed { grantPlaces() }
  }

  /// The registry may know that a backend is gone before its connections say so.
  ///
  /// Each backend and each connection is looked at once.
  private mutating func abandonDown() {
    guard table.facts.contains(where: { $0.state == .down }) else { return }
    // By slot: which of its occupants is down.
    var down = [UInt64?](repeating: nil, count: table.slotCount)
    for fact in table.facts where fact.state == .down { down[Int(fact.slot)] = fact.incarnation }
    abandon { record in
      record.slot < down.count && down[record.slot] == record.incarnation
    }
  }

  private borrowing func liveIncarnations() -> [(Int, UInt64)] {
    table.backends.map { ($0.record.slot, $0.record.incarnation) }
  }

  private mutating func resumeWaiting() {
    let waiting = waitingForListing
    waitingForListing.removeAll()
    for downstream in waiting where downstreams.contains(downstream) {
      if downstreams[downstream].exchange.machine.phase == .routing { route(downstream) }
    }
  }

  // MARK: What goes out

  /// Tells the registry what was seen of a backend.
  mutating func signal(_ kind: BackendSignal.Kind, _ record: BackendRecord) {
    signals.append(
      BackendSignal(slot: record.slot, incarnation: record.incarnation, sequence: 0, kind: kind)
    )
    // Somebody else may have the slot by now.
    guard slots[record.slot].incarnation == record.incarnation else { return }
    // Until it has a number, at the end of the tick.
    if kind == .refused { slots[record.slot].refusedBy = .max }
    if kind != .bytesSeen { slots[record.slot].owesSuccess = kind != .success }
  }

  /// Bytes of a backend have come: the registry hears of it now and then.
  mutating func noteBytes(_ upstream: Handle) {
    let slot = upstreams[upstream].record.slot
    let reportedAt = slots[slot].bytesReportedAt
    guard reactor.now &- reportedAt >= settings.bytesReport || reportedAt == 0 else { return }
    slots[slot].bytesReportedAt = reactor.now
    signal(.bytesSeen, upstreams[upstream].record)
  }

  private mutating func postSignals() {
    if let first = outbox?.post(signals) {
      for (offset, signal) in signals.enumerated() where signal.kind == .refused {
        guard slots[signal.slot].incarnation == signal.incarnation else { continue }
        slots[signal.slot].refusedBy = first + UInt64(offset)
      }
    }
    signals.removeAll(keepingCapacity: true)
  }
}

/// Where a data plane is between its start and its end.
public enum ProxyStage: String, Sendable, Comparable, CaseIterable {
  /// It takes new connections, and `/readyz` says so.
  case serving
  /// It takes new connections, but `/readyz` says that it drains: `ProxyTimeouts.drainDelay`.
  case leaving
  /// It accepts nothing new, and finishes what is under way.
  case draining

  /// The one that comes first is less.
  public static func < (a: ProxyStage, b: ProxyStage) -> Bool { a.order < b.order }

  private var order: Int {
    switch self {
    case .serving: 0
    case .leaving: 1
    case .draining: 2
    }
  }
}

/// What other threads leave for a proxy: the newest table, changed options, and a command.
public struct ProxyMail: Sendable {
  /// What a proxy can be told.
  public enum Command: Int, Sendable {
    /// Say that a drain is to come, and begin it after `ProxyTimeouts.drainDelay`.
    case leave
    /// Accept nobody any more: another process serves by the same listeners. It goes on until
    /// `handOver` comes.
    case leaveListeners
    /// Accept nothing new, finish what is under way, then stop.
    case drain
    /// The same, while another process serves by the same listeners.
    case handOver
    /// End what is under way now, then stop.
    case stop
  }

  /// The newest table, if there is a new one.
  public var table: RouteTable?
  /// The newest options, if they have changed; a table that comes with them is of the same
  /// generation.
  public var options: ProxyOptions?
  /// The newest command, if there is one.
  public var command: Command?
  /// Somebody waits for a report.
  public var wantsReport: Bool
  /// Connections to be served that somebody else accepted.
  public var connections: [HandedConnection]
  /// Texts of metrics, for those who wait for them.
  public var metrics: [MetricsPage]
  /// Connections that another worker has accepted for this one.
  public var passed: [PassedConnection]
  /// The report is to have everything that metrics are made of.
  public var wantsTelemetry: Bool

  /// Makes mail.
  public init(
    table: RouteTable? = nil,
    options: ProxyOptions? = nil,
    command: Command? = nil,
    wantsReport: Bool = false,
    connections: [HandedConnection] = [],
    metrics: [MetricsPage] = [],
    passed: [PassedConnection] = [],
    wantsTelemetry: Bool = false
  ) {
    self.table = table
    self.options = options
    self.command = command
    self.wantsReport = wantsReport
    self.connections = connections
    self.metrics = metrics
    self.passed = passed
    self.wantsTelemetry = wantsTelemetry
  }

  /// This mail with newer mail on top: a newer table replaces the older one, as do options, a
  /// command never a harder one; connections and metrics add up.
  public func merging(_ newer: ProxyMail) -> ProxyMail {
    let commands = [command, newer.command].compactMap { $0 }
    return ProxyMail(
      table: newer.table ?? table,
      options: newer.options ?? options,
      command: commands.max { $0.rawValue < $1.rawValue },
      wantsReport: wantsReport || newer.wantsReport,
      connections: connections + newer.connections,
      metrics: metrics + newer.metrics,
      passed: passed + newer.passed,
      wantsTelemetry: wantsTelemetry || newer.wantsTelemetry
    )
  }
}

/// What a data plane can be set to.
public struct ProxyOptions: Sendable, Equatable {
  /// Bounds in bytes and numbers.
  public var limits = ProxyLimits()
  /// Deadlines.
  public var timeouts = ProxyTimeouts()
  /// Attempts.
  public var retry = RetryOptions()
  /// What a client's FIN behind its request means.
  public var halfClose = HalfClose.abort
  /// Choosing a backend.
  public var selection = SelectionOptions()
  /// Web pages.
  public var browsers = BrowserOptions()
  /// Keys of which clients have to show one; none: nobody has to.
  public var keys: [ClientKey] = []
  /// How often the registry is told at most that a backend sends, so that a probe which a busy one
  /// answers late isn't held against it.
  public var bytesReport = Duration.milliseconds(1250)

  /// The defaults.
  public init() {}
}

/// What a client's FIN behind its request means.
public enum HalfClose: String, Sendable, CaseIterable {
  /// It has left: its backend is told to stop at once.
  case abort
  /// It waits for the answer all the same, and only a RST means that it has left.
  case finish
}

/// A small, fast source of ties (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
///
/// Nothing secret depends on it.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
