import OAIRRouting
import OAIRSys

/// Keeps what is known of the containers, and decides what events and answers mean.
///
/// Pure: no I/O, no clock. Owned by one `DockerWatch`, in its task.
///
/// While a question is under way, events go on: what they touch is left out of its answer, which
/// may be older than they are. An end takes effect at once, by the event alone; whatever may be a
/// beginning is looked up.
///
///     events ──► ended ───────────────────────────────► disappeared
///            ──► changed ──► waiting ──► question ──► answer ──► mapping ──► appeared, skipped
///     new connection, time ──► question for all ──────────┘
struct ContainerLedger {
  /// What is to be done.
  enum Step: Equatable, Sendable {
    case tell(DiscoveryChange)
    case ask(Question)
    /// Say `.lookAgain` after a while: the list is behind the events.
    case wait(Duration, container: String)
    /// Look a name up for a container's backend.
    case resolve(container: String, ConfiguredBackend)
  }

  /// What is asked of the engine.
  enum Question: Equatable, Sendable {
    case all
    case some([String])
  }

  private enum Entry: Equatable {
    case backend(Backend)
    case unresolved(ConfiguredBackend)
    case skipped(DiscoverySkip)
  }

  private var entries: [String: Entry] = [:]
  /// Backends that were told, by id, and whose they are.
  private var told: [String: (container: String, backend: Backend)] = [:]
  /// Containers whose id another one has, and which.
  private var toldConflicts: [String: String] = [:]
  /// Containers whose names had no address when they were looked up last.
  private var unaddressed: [String: ConfiguredBackend] = [:]
  /// Backends that were told to have no address, by id, and why.
  private var toldTroubles: [String: String] = [:]
  private var question: Question?
  private var touched: Set<String> = []
  /// Containers to be asked for, in the order of their events.
  private var waiting: [String] = []
  /// Containers that an event calls usable and the list doesn't, and how often it was asked.
  private var doubtful: [String: Int] = [:]
  /// Containers that have ended since the last list that agrees: Docker tells of an end before its
  /// list shows it, and what comes after an end is a beginning, which has its own event.
  private var ended: Set<String> = []
  /// What events called them.
  private var names: [String: String] = [:]
  private var wantsAll = false
  private(set) var hasListed = false

  // MARK: - Input

  /// A new connection to the engine, or time for a look: everything is to be asked for.
  mutating func wantAll() -> [Step] {
    wantsAll = true
    return ask()
  }

  /// The connection is gone, and with it the question under way; what is known stays.
  mutating func connectionLost() {
    question = nil
    touched = []
    waiting = []
    names = [:]
    doubtful = [:]
    ended = []
    wantsAll = false
  }

  /// Events were missed: what isn't known of may have begun again.
  mutating func eventsMissed() -> [Step] {
    ended = []
    return wantAll()
  }

  /// Takes an event in.
  mutating func take(_ event: ContainerEvent) -> [Step] {
    switch event {
    case .changed(let id, let name):
      touch(id)
      names[id] = name
      doubtful[id] = 0
      ended.remove(id)
      if !waiting.contains(id) { waiting.append(id) }
      return ask()
    case .ended(let id):
      touch(id)
      waiting.removeAll { $0 == id }
      names[id] = nil
      doubtful[id] = nil
      ended.insert(id)
      return remove(id) + settleTroubles()
    case .stopped(let id):
      // It comes after the end. If there is something to end, it may be what was started since.
      guard entries[id] != nil else { return [] }
      return take(.ended(id: id)) + take(.changed(id: id, name: nil))
    case .stirred(let id):
      guard case .backend(let backend) = entries[id] else { return [] }
      return [.tell(.stirred(id: backend.id))]
    }
  }

  /// Takes the answer to the question under way in.
  ///
  /// - Parameters:
  ///   - containers: those that there are, of those that were asked for.
  ///   - mapping: says what each is.
  mutating func take(answer containers: [Container], _ mapping: ContainerMapping) -> [Step] {
    guard let question else { return [] }
    self.question = nil
    var steps: [Step] = []
    var found: [String: Entry] = [:]
    let running = containers.filter(\.isRunning)
    let outranked = touched.union(ended)
    for var container in running where !outranked.contains(container.id) {
      if let name = names.removeValue(forKey: container.id) { container.name = name }
      found[container.id] = entry(container, mapping, &steps)
    }
    let asked: [String]
    switch question {
    case .all:
      asked = Array(entries.keys)
      ended.formIntersection(running.map(\.id))
    case .some(let ids): asked = ids
    }
    for id in asked where found[id] == nil && !touched.contains(id) {
      entries[id] = nil
      steps += doubt(id)
    }
    for id in found.keys { doubtful[id] = nil }
    entries.merge(found) { $1 }
    touched = []
    steps += settle()
    if case .all = question, !hasListed {
      hasListed = true
      steps.append(.tell(.listed))
    }
    return steps + ask()
  }

  /// The time that `.wait` asked for is over.
  mutating func lookAgain(at id: String) -> [Step] {
    guard doubtful[id] != nil, !waiting.contains(id) else { return [] }
    waiting.append(id)
    return ask()
  }

  /// Takes the addresses of a container's name in.
  mutating func take(
    addresses: [SocketAddress],
    of configured: ConfiguredBackend,
    container id: String,
    _ mapping: ContainerMapping
  ) -> [Step] {
    // Meanwhile it may be gone, or be another.
    guard entries[id] == .unresolved(configured) else { return [] }
    let known = told[configured.id]?.backend.endpoint.address
    // The answer's order may change each time: the known address stays while it is in there.
    let address = addresses.first { $0 == known } ?? addresses.first
    guard let address, let backend = configured.backend(at: address) else {
      // A name service that is down is no reason to give a backend up; it is asked again.
      guard known == nil else { return [] }
      unaddressed[id] = configured
      return settleTroubles()
    }
    if let reason = mapping.refusal(of: address) {
      entries[id] = .skipped(DiscoverySkip(configured.id, reason: reason))
      return [.tell(.skipped(DiscoverySkip(configured.id, reason: reason)))] + settle()
    }
    entries[id] = .backend(backend)
    return settle()
  }

  // MARK: - Steps

  /// Docker tells of an unpause before its list shows it.
  private mutating func doubt(_ id: String) -> [Step] {
    guard let tries = doubtful[id], tries < DiscoveryLimits.looksAgain.count else {
      doubtful[id] = nil
      names[id] = nil
      return []
    }
    doubtful[id] = tries + 1
    return [.wait(DiscoveryLimits.looksAgain[tries], container: id)]
  }

  private mutating func touch(_ id: String) {
    if question != nil { touched.insert(id) }
  }

  private mutating func ask() -> [Step] {
    guard question == nil else { return [] }
    if wantsAll {
      wantsAll = false
      waiting = []
      question = .all
      return [.ask(.all)]
    }
    guard !waiting.isEmpty else { return [] }
    let ids = Array(waiting.prefix(DiscoveryLimits.containersPerQuestion))
    waiting.removeFirst(ids.count)
    question = .some(ids)
    return [.ask(.some(ids))]
  }

  private mutating func remove(_ id: String) -> [Step] {
    guard case .backend(let backend)? = entries.removeValue(forKey: id),
      told[backend.id]?.container == id
    else { return settleIfUnresolved(id) }
    // Another container with the same id may have waited for it.
    let isWanted = entries.values.contains {
      if case .backend(let other) = $0 { other.id == backend.id } else { false }
    }
    if isWanted { return settle() }
    told[backend.id] = nil
    return [.tell(.disappeared(id: backend.id))]
  }

  /// A container whose name is being looked up anew may have been told at its former address.
  private mutating func settleIfUnresolved(_ id: String) -> [Step] {
    told.values.contains { $0.container == id } ? settle() : []
  }

  private mutating func entry(
    _ container: Container,
    _ mapping: ContainerMapping,
    _ steps: inout [Step]
  ) -> Entry {
    switch mapping.map(container) {
    case .backend(let backend):
      return .backend(backend)
    case .unresolved(let configured):
      steps.append(.resolve(container: container.id, configured))
      return .unresolved(configured)
    case .skipped(let skip):
      let entry = Entry.skipped(skip)
      if entries[container.id] != entry { steps.append(.tell(.skipped(skip))) }
      return entry
    }
  }

  /// Tells the difference between what is known and what was told.
  ///
  /// What is new comes first: a container that was renamed is one engine all the time.
  private mutating func settle() -> [Step] {
    var wanted: [String: (container: String, backend: Backend)] = [:]
    var conflicts: [String: String] = [:]
    var steps: [Step] = []
    for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
      switch entry {
      case .backend(let backend):
        guard let other = wanted[backend.id] else {
          wanted[backend.id] = (id, backend)
          continue
        }
        // The one that was told keeps the id.
        let isOlder = told[backend.id]?.container == id
        if isOlder { wanted[backend.id] = (id, backend) }
        let (winner, loser) = isOlder ? (id, other.container) : (other.container, id)
        if toldConflicts[loser] != winner {
          steps.append(.tell(.skipped(Self.taken(backend, by: winner))))
        }
        conflicts[loser] = winner
      case .unresolved(let configured):
        if let old = told[configured.id], old.container == id { wanted[configured.id] = old }
      case .skipped:
        break
      }
    }
    for (id, new) in wanted.sorted(by: { $0.key < $1.key })
    where told[id]?.backend != new.backend || told[id]?.container != new.container {
      steps.append(.tell(.appeared(new.backend)))
    }
    for id in told.keys.sorted() where wanted[id] == nil {
      steps.append(.tell(.disappeared(id: id)))
    }
    told = wanted
    toldConflicts = conflicts
    return steps + settleTroubles()
  }

  /// Tells the difference between what has no address and what was told to have none.
  private mutating func settleTroubles() -> [Step] {
    guard !unaddressed.isEmpty || !toldTroubles.isEmpty else { return [] }
    var wanted: [String: String] = [:]
    for (id, configured) in unaddressed.sorted(by: { $0.key < $1.key }) {
      if entries[id] != .unresolved(configured) {
        unaddressed[id] = nil
      } else if wanted[configured.id] == nil {
        wanted[configured.id] = "\(configured.url) of \(configured.id) has no address"
      }
    }
    var steps: [Step] = []
    for (id, reason) in wanted.sorted(by: { $0.key < $1.key }) where toldTroubles[id] != reason {
      steps.append(.tell(.troubled(reason, about: id)))
    }
    for id in toldTroubles.keys.sorted() where wanted[id] == nil {
      steps.append(.tell(.recovered(about: id)))
    }
    toldTroubles = wanted
    return steps
  }

  private static func taken(_ backend: Backend, by container: String) -> DiscoverySkip {
    DiscoverySkip(
      backend.id,
      reason: "its id is the one of another container, \(container.prefix(12))"
    )
  }
}
