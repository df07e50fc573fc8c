import OAIRSys

@testable import OAIRProxy

/// Everything around the router in one run: the network, the fake backends, the clients, and what
/// they wrote down.
///
/// All chance comes from the run's seed.
final class SimulatedWorld {
  let profile: Profile
  let network: SimulatedNetwork
  let listener: SimulatedListener
  let listenerDescriptor: FileDescriptor
  private(set) var backends: [SimulatedBackend] = []
  private(set) var clients: [SimulatedClient] = []
  private var garbledClients: [GarbledClient] = []
  private(set) var exchanges: [ExchangeRecord] = []
  var counts = Counts()
  private let eventTrace: EventTrace
  /// Which server served which models, since when.
  private var tables: [(since: UInt64, models: [Int: Set<Int>])] = []
  private var drainsAt = UInt64.max
  /// When the drain began; nil before.
  private(set) var drainBegan: UInt64?

  /// What is wrong if the retry budget was never spent in this run.
  var unlessBudgetSpent: [String] = []

  /// What a run saw; tests look at it so that nothing passes for want of events.
  struct Counts {
    var routed = 0
    var own = 0
    var cut = 0
    var attempts = 0
    var drains = 0
    /// Clients that came after the listener was closed.
    var refused = 0
    /// Clients that closed in the middle of what they had asked for.
    var leftBatches = 0
    var tables = 0
    /// Requests that waited for a place at a backend.
    var waits = 0
  }

  init(
    seed: UInt64,
    exchangeCount: Int,
    choices: Choices = Choices(),
    echoes: Bool,
    saboteur: Saboteur? = nil
  ) {
    var random = SimulationRandom(seed: seed, tape: choices.profile)
    var profile = Profile(&random)
    profile.garbling = choices.garbling
    if choices.garbling > 0 { profile.isCalm = false }
    if choices.isBrief { profile.usesShortMessages() }
    if choices.fault != nil {
      profile.isCalm = false
      // Who is at the other end of a connection that breaks may miss something.
      profile.clientFaults = max(1, profile.clientFaults)
    }
    if saboteur != nil {
      profile.clientFaults = 0
      profile.drainsAt = nil
      // The worlds in which these acts find their occasions.
      profile.usesPlainSelection()
    }
    self.profile = profile
    eventTrace = EventTrace(echoes: echoes)
    network = SimulatedNetwork(
      random: SimulationRandom(seed: seed ^ 0x5eed, tape: choices.events),
      traits: profile.network,
      trace: eventTrace
    )
    network.saboteur = saboteur
    network.fault = choices.fault
    (listenerDescriptor, listener) = network.listen()
    for _ in 0..<profile.backends { _ = addServer() }
    makeClients(exchangeCount)
    if let time = profile.drainsAt {
      drainsAt = network.now + UInt64(time) * 1000
      network.schedule(at: drainsAt) {}
    }
  }

  static func address(_ index: Int) -> SocketAddress { .loopback(port: UInt16(9000 + index)) }

  var isRough: Bool { profile.connectFaults > 0 || profile.answerFaults > 0 }
  /// A RST, of a client's or towards one, may destroy what is on its way.
  var mayLoseTail: Bool { profile.clientFaults > 0 }

  /// An answer may end anywhere: who is too slow, or there at the drain's end, is cut.
  func mayBreak(_ reader: ResponseReader) -> Bool {
    !reader.endsCleanly || mayLoseTail || isDraining
  }

  var isDraining: Bool { drainBegan != nil }
  /// How long the drain has lasted; nil before.
  var drainTime: Duration? { drainBegan.map { .nanoseconds(network.now - $0) } }

  // MARK: The fleet

  /// Starts a server.
  ///
  /// - Returns: its number, which tells its address.
  func addServer() -> Int {
    let index = backends.count
    let backend = SimulatedBackend(number: index, world: self)
    backends.append(backend)
    network.serve(backend, at: Self.address(index))
    return index
  }

  /// Ends a server, with all its connections.
  func stopServer(_ number: Int) { backends[number].stop() }

  /// A table is about to be published.
  func noteTable(_ members: [SimulatedRegistry.Member]) {
    var models: [Int: Set<Int>] = [:]
    for member in members { models[member.server, default: []].formUnion(member.models) }
    tables.append((since: network.now, models: models))
  }

  /// A table that stood at some moment since a time had the model on that server.
  func served(_ model: Int, by server: Int, since time: UInt64) -> Bool {
    for table in tables.reversed() {
      if table.models[server]?.contains(model) == true { return true }
      if table.since <= time { return false }
    }
    return false
  }

  /// How many servers had the model at the start.
  func serverCount(_ model: Int) -> Int {
    tables.first?.models.values.count { $0.contains(model) } ?? 0
  }

  /// The moment for the drain has come; true once.
  func takesDrain() -> Bool {
    guard drainBegan == nil, network.now >= drainsAt else { return false }
    drainBegan = network.now
    counts.drains += 1
    trace("the router drains", 0)
    return true
  }

  func path() -> PathTraits {
    PathTraits(capacity: network.random.pick(profile.capacities), latency: profile.latency)
  }

  /// What may come on top of a client's full queue: one read, an event that was held (they are
  /// short here), a head.
  var queueSlack: Int { ProxyLimits.readSize + (24 << 10) }

  /// The longest time there and back, with the router's part, in nanoseconds.
  var roundTrip: UInt64 { UInt64(2 * profile.latency.upperBound + 20_000) * 1000 }

  func connectClient() -> SimulatedSocket? { network.connectClient(to: listener, path()) }

  func exchange(_ id: String) -> ExchangeRecord? {
    guard id.hasPrefix("sim-"), let number = Int(id.dropFirst(4)),
      exchanges.indices.contains(number)
    else { return nil }
    return exchanges[number]
  }

  /// Whose request it may be, if it is no honest client's.
  func garbledExchange(_ head: ReadHead, _ body: [UInt8]) -> ExchangeRecord? {
    GarbledOracle.sender(of: head, body, among: exchanges)
  }

  func trace(_ what: StaticString, _ number: Int) { eventTrace.note(network.now, what, number) }

  /// Frees what holds each other.
  func tearDown() {
    counts.tables = tables.count
    counts.attempts = exchanges.reduce(0) { $0 + $1.attempts.count }
    network.tearDown()
  }

  /// The end of a run, seen from outside.
  func judgeTheEnd() {
    for client in clients where !client.unanswered.isEmpty {
      network.fail("requests \(client.unanswered) got neither an answer nor an end")
    }
    for client in garbledClients where client.isWaiting {
      network.fail("a garbled request got neither an answer nor an end")
    }
    judgeSessions()
    for exchange in exchanges where exchange.strictRequests == nil {
      // Once, and once more after a loss; a stale connection's closing, and what the backend
      // refuses itself, doesn't count.
      let whole = exchange.attempts.count { !$0.isStaleReuse && !$0.isRefusal }
      network.require(whole <= 2, "request \(exchange.number) went to \(whole) backends")
      let servers = exchange.attempts.filter { !$0.isStaleReuse }.map(\.server)
      network.require(
        Set(servers).count == servers.count || profile.tableChanges > 0,
        "request \(exchange.number) was given to one backend twice"
      )
    }
  }

  /// A backend has got one more request.
  ///
  /// What a client or a deadline has cut off may still seem to be at work there.
  func judgeLoad(of backend: SimulatedBackend) {
    guard profile.maxInFlight > 0, profile.isCalm, profile.tableChanges == 0, !isDraining else {
      return
    }
    let count = backend.working
    network.require(
      count <= profile.maxInFlight,
      "\(backend.name) has \(count) requests at a time"
    )
  }

  /// Where nothing fails and nobody is busy, a session stays where it is.
  private func judgeSessions() {
    guard profile.isCalm, profile.sessions > 0, profile.maxInFlight == 0,
      profile.tableChanges == 0
    else { return }
    var homes: [[Int]: Set<Int>] = [:]
    for exchange in exchanges {
      guard let session = exchange.session else { continue }
      homes[[session, exchange.model], default: []].formUnion(exchange.attempts.map(\.server))
    }
    for (session, servers) in homes where servers.count > 1 {
      network.fail("session \(session[0]) with m\(session[1]) was at servers \(servers.sorted())")
    }
  }

  // MARK: Requests

  private func makeClients(_ count: Int) {
    var start: UInt64 = 0
    while exchanges.count < count {
      start += UInt64(network.random.within(0...(profile.span / 10 / profile.concurrency))) * 1000
      if profile.garbling > 0, network.random.chance(profile.garbling) {
        makeGarbledClient(at: start)
        continue
      }
      let own = (0..<network.random.within(1...4)).map { _ in makeExchange() }
      let client = SimulatedClient(world: self, exchanges: own)
      clients.append(client)
      network.schedule(after: start) { [weak client] in client?.start() }
    }
  }

  private func makeGarbledClient(at start: UInt64) {
    let exchange = makeExchange()
    exchange.garble(&network.random)
    let client = GarbledClient(world: self, exchange: exchange)
    garbledClients.append(client)
    network.schedule(after: start) { [weak client] in client?.start() }
  }

  private func makeExchange() -> ExchangeRecord {
    let number = exchanges.count
    let request = RequestScript(number: number, profile: profile, random: &network.random)
    exchanges.append(request.record)
    return request.record
  }

  // MARK: Answers

  func script(_ attempt: AttemptRecord, _ exchange: ExchangeRecord, by server: Int) {
    let mark = "e\(exchange.number).a\(exchange.attempts.count).s\(server)"
    AnswerScript.write(
      into: attempt,
      mark: mark,
      exchange: exchange,
      profile: profile,
      random: &network.random
    )
  }
}
