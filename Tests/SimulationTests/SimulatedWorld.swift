import OAIRSys

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
  private var exchanges: [ExchangeRecord] = []
  var counts = Counts()
  private let eventTrace: EventTrace

  /// What a run saw; tests look at it so that nothing passes for want of events.
  struct Counts {
    var routed = 0
    var own = 0
    var cut = 0
    var attempts = 0
  }

  init(seed: UInt64, exchangeCount: Int, echoes: Bool) {
    var random = SimulationRandom(seed: seed)
    profile = Profile(&random)
    eventTrace = EventTrace(echoes: echoes)
    network = SimulatedNetwork(seed: seed ^ 0x5eed, traits: profile.network, trace: eventTrace)
    (listenerDescriptor, listener) = network.listen()
    for index in 0..<profile.backends {
      let backend = SimulatedBackend(name: "b\(index)", world: self)
      backends.append(backend)
      network.serve(backend, at: Self.address(index))
    }
    makeClients(exchangeCount)
  }

  static func address(_ index: Int) -> SocketAddress { .loopback(port: UInt16(9000 + index)) }

  var isRough: Bool { profile.connectFaults > 0 || profile.answerFaults > 0 }
  /// A RST, of a client's or towards one, may destroy what is on its way.
  var mayLoseTail: Bool { profile.clientFaults > 0 }

  func path() -> PathTraits {
    PathTraits(capacity: network.random.pick(profile.capacities), latency: profile.latency)
  }

  func connectClient() -> SimulatedSocket? { network.connectClient(to: listener, path()) }

  func exchange(_ id: String) -> ExchangeRecord? {
    guard id.hasPrefix("sim-"), let number = Int(id.dropFirst(4)),
      exchanges.indices.contains(number)
    else { return nil }
    return exchanges[number]
  }

  func trace(_ what: StaticString, _ number: Int) { eventTrace.note(network.now, what, number) }

  /// Frees what holds each other.
  func tearDown() {
    counts.attempts = exchanges.reduce(0) { $0 + $1.attempts.count }
    network.tearDown()
  }

  /// The end of a run, seen from outside.
  func judgeTheEnd() {
    for client in clients where !client.unanswered.isEmpty {
      network.fail("requests \(client.unanswered) got neither an answer nor an end")
    }
    for exchange in exchanges {
      // Once, and once more after a loss; a stale connection's closing doesn't count.
      let whole = exchange.attempts.filter { !$0.isStaleReuse }.count
      network.require(whole <= 2, "request \(exchange.number) went to \(whole) backends")
    }
  }

  // MARK: Requests

  private func makeClients(_ count: Int) {
    var start: UInt64 = 0
    while exchanges.count < count {
      let own = (0..<network.random.within(1...4)).map { _ in makeExchange() }
      let client = SimulatedClient(world: self, exchanges: own)
      clients.append(client)
      start += UInt64(network.random.within(0...(40_000 / profile.concurrency))) * 1000
      network.schedule(after: start) { [weak client] in client?.start() }
    }
  }

  private func makeExchange() -> ExchangeRecord {
    let number = exchanges.count
    let request = RequestScript(number: number, profile: profile, random: &network.random)
    exchanges.append(request.record)
    return request.record
  }

  // MARK: Answers

  func script(_ attempt: AttemptRecord, _ exchange: ExchangeRecord, by name: String) {
    let mark = "e\(exchange.number).a\(exchange.attempts.count).\(name)"
    let script = AnswerScript(
      mark: mark,
      exchange: exchange,
      profile: profile,
      random: &network.random
    )
    script.write(into: attempt)
  }
}
