import OAIRHTTP1
import OAIRProxy
import OAIRRouting

/// What a seed makes of its run: how rough the world is.
struct Profile {
  /// No faults at all: every valid request must be answered by a backend, whole.
  var isCalm = false
  /// In a thousand: connects that fail, answers that go wrong, clients that misbehave.
  var connectFaults = 0
  var answerFaults = 0
  var clientFaults = 0
  /// In a thousand: requests and answers with some bytes that are none of theirs.
  var garbling = 0
  /// In a thousand: requests that the router answers itself.
  var ownAnswers = 150
  /// Backends at the start, and changes of the table during the run.
  var backends = 1
  var tableChanges = 0
  /// Models whose last backend is gone stay known.
  var remembersModels = false
  /// Clients begin, tables change and drains begin within so many microseconds.
  var span = 400_000
  /// When the router drains, in microseconds from the start; nil: it doesn't.
  var drainsAt: Int?
  var models = 2
  /// Clients at one time.
  var concurrency = 4
  var network = NetworkTraits()
  var options = ProxyOptions()
  var connections = 64
  /// The typical room of a connection's buffers.
  var capacities: [Int] = [65536]
  var latency = 10...200
  /// Requests that a backend is given at a time; 0: any number.
  var maxInFlight = 0
  /// Lengths of messages, in bytes, of which one is drawn each time.
  var requests = [10, 100, 1000, 20_000]
  var answers = [0, 100, 5000, 100_000]
  /// Comes rarely, and fills every queue on its way.
  var largestAnswer = 500_000
  /// Requests name sessions, of which there are so many; 0: they don't.
  var sessions = 0

  init(_ random: inout SimulationRandom) {
    isCalm = random.chance(200)
    backends = random.within(1...6)
    models = random.within(2...4)
    concurrency = random.within(1...12)
    latency = random.chance(500) ? 5...100 : 100...5000
    capacities = random.pick([[65536], [1 << 20], [300, 4096], [4096, 65536], [120, 65536]])
    network.eventsPerWait = random.pick([1, 2, 8, 64])
    network.spuriousWakeUps = random.pick([0, 0, 30, 300])
    setTimeouts()
    setLimits(&random)
    if random.chance(500) { tableChanges = random.within(1...8) }
    remembersModels = random.chance(500)
    if random.chance(250) { drainsAt = random.within(0...(span * 3 / 2)) }
    if !isCalm { roughen(&random) }
    setSelection(&random)
  }

  /// Drawn last: what a seed makes of all others stays.
  private mutating func setSelection(_ random: inout SimulationRandom) {
    options.selection.balance = random.pick(
      [.leastInFlight, .leastInFlight, .roundRobin, .firstHealthy]
    )
    if random.chance(300) {
      sessions = random.within(1...20)
      options.selection.sessionHeader = SelectionOptions.defaultSessionHeader
    }
    guard random.chance(400) else { return }
    maxInFlight = random.within(1...3)
    // In a calm world everybody is served in the end: a wake-up that gets lost shows. The smallest
    // buffers on the slowest paths make half a minute of the largest answer, and others wait.
    guard !isCalm else {
      options.timeouts.queue = .seconds(600)
      return
    }
    options.selection.queue = random.pick([0, 1, 3, 256])
    options.timeouts.queue = random.pick([.milliseconds(20), .seconds(2), .seconds(30)])
  }

  private mutating func setTimeouts() {
    options.timeouts.head = .seconds(2)
    options.timeouts.bodyIdle = .seconds(2)
    options.timeouts.connect = .milliseconds(500)
    options.timeouts.firstByte = .seconds(3)
    options.timeouts.idle = .seconds(2)
    options.timeouts.write = .seconds(2)
    options.timeouts.keepAlive = .seconds(5)
    options.timeouts.upstreamIdle = .seconds(1)
    options.timeouts.drain = .seconds(3)
  }

  private mutating func setLimits(_ random: inout SimulationRandom) {
    options.limits.http.head = 8 << 10
    options.limits.body = 256 << 10
    options.limits.writeQueue = random.pick([2 << 10, 16 << 10, 64 << 10])
    options.limits.replay = random.pick([500, 4000, 8 << 20, 8 << 20])
    options.retry.attempts = random.pick([0, 1, 2, 2, 2, 4])
  }

  /// Short messages: a run takes a fraction of the time, and the smaller queues still fill.
  mutating func usesShortMessages() {
    requests = [10, 100, 1000, 6000]
    answers = [0, 100, 1000, 5000]
    largestAnswer = 40_000
  }

  /// Neither sessions nor bounds, and the default policy.
  mutating func usesPlainSelection() {
    options.selection = SelectionOptions()
    sessions = 0
    maxInFlight = 0
  }

  private mutating func roughen(_ random: inout SimulationRandom) {
    connectFaults = random.pick([0, 50, 200])
    answerFaults = random.pick([0, 100, 400])
    clientFaults = random.pick([0, 100, 300])
    if random.chance(200) { connections = random.within(2...6) }
    if random.chance(200) { options.limits.bodiesTotal = 3 << 20 }
    if random.chance(150) {
      network.exhaustion = 20
      network.descriptorLimit = random.within(6...30)
    }
  }
}

/// What decides a run beside its seed.
struct Choices {
  /// Make the profile, and whatever happens; see `SimulationRandom`.
  var profile: ArraySlice<UInt8> = []
  var events: ArraySlice<UInt8> = []
  /// In a thousand: messages that are garbled.
  var garbling = 0
  /// Messages are short, so that a run takes little time.
  var isBrief = false
  /// A call that fails.
  var fault: CallFault?
}
