import OAIRSys

/// Follows one container engine for ever: connects, subscribes, lists, applies events, and does it
/// all again when the connection is gone.
///
/// Owns what is known of its containers. Runs in the discoverer's task; all it waits for has a
/// deadline, but for the events themselves, beside which a list is asked for from time to time.
///
///     ping ──► events ──► head ──► list ──► events, lists … ──► lost ──► pause ──┐
///       ▲                                                                        │
///       └────────────────────────────────────────────────────────────────────────┘
struct DockerWatch {
  /// What a session is told, in the order in which it happens.
  private enum Input: Sendable {
    /// Of the events; empty: the head.
    case piece([UInt8])
    case ended(ControlFailure)
    case answer(Result<[UInt8], ControlFailure>, to: ContainerLedger.Question)
    case resolved([SocketAddress], ConfiguredBackend, container: String)
    case timeToList
    case timeToLook(container: String)
  }

  /// What belongs to one connection.
  private struct Session {
    let api: DockerAPI
    let feed: AsyncStream<Input>.Continuation
    var lines = EventLines()
    var isSubscribed = false
    /// Lists asked for at intervals because the events can't be had.
    var polls: Int?
    var startsPolling = false
    var hasListed = false
    var failure: ControlFailure?
  }

  private let endpoint: DockerEndpoint
  private let options: DockerOptions
  private let client: ControlClient
  private let names = NameResolver()
  private let changes: AsyncStream<DiscoveryChange>.Continuation
  private var ledger = ContainerLedger()
  private var vantage: DockerVantage?
  /// Why the engine can't be watched, as it was told last.
  private var trouble: String?
  private var isWatching = false
  private var isFirstTry = true
  /// Events that were too long or malformed; a line of the log each time that it doubles.
  private var unreadEvents = 0
  /// The last whole list was longer than what is taken of it.
  private var isCut = false

  init(
    _ endpoint: DockerEndpoint,
    _ options: DockerOptions,
    _ client: ControlClient,
    _ changes: AsyncStream<DiscoveryChange>.Continuation
  ) {
    self.endpoint = endpoint
    self.options = options
    self.client = client
    self.changes = changes
  }

  /// Follows the engine until the task is cancelled.
  mutating func run() async {
    var pause = DiscoveryLimits.firstDockerRetry
    while !Task.isCancelled {
      let (text, hasListed) = await connect()
      ledger.connectionLost()
      if hasListed { pause = DiscoveryLimits.firstDockerRetry }
      guard !Task.isCancelled else { return }
      if let text { await report(text) }
      if isFirstTry, !ledger.hasListed { await tell(.listed) }
      isFirstTry = false
      do { try await Task.sleep(for: min(pause, options.longestRetry)) } catch { return }
      pause = min(pause * 2, options.longestRetry)
    }
  }

  // MARK: - Telling

  /// A reader that is behind is waited for.
  private func tell(_ change: DiscoveryChange) async {
    while case .dropped = changes.yield(change), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Says what is wrong, once.
  private mutating func report(_ text: String) async {
    isWatching = false
    guard text != trouble else { return }
    trouble = text
    await tell(.troubled(text, about: endpoint.description))
  }

  /// Says that the engine is watched, once for each connection.
  private mutating func reportWatching(_ api: DockerAPI) async {
    guard !isWatching else { return }
    isWatching = true
    if trouble != nil { await tell(.recovered(about: endpoint.description)) }
    trouble = nil
    let version = api.prefix.isEmpty ? "its own" : api.prefix.dropFirst(2)
    await tell(.watching("\(endpoint), API version \(version)"))
  }

  /// Says that there are more containers than are taken from a list, and when that is over.
  private mutating func report(isCut: Bool) async {
    guard isCut != self.isCut else { return }
    self.isCut = isCut
    let subject = "containers of \(endpoint)"
    let most = DiscoveryLimits.containers
    let text = "\(endpoint) runs more than \(most) containers: the rest isn't seen"
    await tell(isCut ? .troubled(text, about: subject) : .recovered(about: subject))
  }

  // MARK: - A session

  /// Returns why it ended, if that is worth telling, and whether everything was listed once.
  private mutating func connect() async -> (trouble: String?, hasListed: Bool) {
    var address = endpoint.address
    if let name = endpoint.name {
      address = await names.resolve(host: name.host, port: name.port).first
      if address == nil { return ("the name \(name.host) of \(endpoint) has no address", false) }
    }
    guard let address else { return (nil, false) }
    let api: DockerAPI
    do throws(ControlFailure) {
      api = try await DockerAPI(client, address, host: endpoint.host).negotiated()
    } catch {
      return (DockerTrouble.text(error, endpoint), false)
    }
    let (inputs, feed) = AsyncStream.makeStream(
      of: Input.self,
      bufferingPolicy: .bufferingOldest(DiscoveryLimits.waitingEvents)
    )
    var session = Session(api: api, feed: feed)
    let interval = options.listInterval
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await Self.follow(api.events(), feed) }
      group.addTask { await Self.tick(interval, feed) }
      // What ended just before may still stand in the first list.
      group.addTask {
        try? await Task.sleep(for: min(interval, DiscoveryLimits.secondList))
        feed.yield(.timeToList)
      }
      for await input in inputs {
        let steps = await take(input, &session)
        await perform(steps, session, &group)
        if session.startsPolling {
          session.startsPolling = false
          group.addTask { [interval = options.pollInterval] in await Self.tick(interval, feed) }
        }
        if session.failure != nil { break }
      }
      feed.finish()
      group.cancelAll()
    }
    if Task.isCancelled { return (nil, session.hasListed) }
    // Without a failure the feed has run over.
    let failure = session.failure ?? .tooLarge
    return (session.polls == nil ? DockerTrouble.text(failure, endpoint) : nil, session.hasListed)
  }

  private static func follow(
    _ events: AsyncThrowingStream<[UInt8], any Error>,
    _ feed: AsyncStream<Input>.Continuation
  ) async {
    do {
      for try await piece in events {
        // A piece left out would be a change missed: everything is listed anew instead.
        if case .dropped = feed.yield(.piece(piece)) { return feed.finish() }
      }
      feed.yield(.ended(.closed))
    } catch {
      feed.yield(.ended(error as? ControlFailure ?? .closed))
    }
  }

  private static func tick(
    _ interval: Duration,
    _ feed: AsyncStream<Input>.Continuation
  ) async {
    while (try? await Task.sleep(for: interval)) != nil { feed.yield(.timeToList) }
  }

  private mutating func take(
    _ input: Input,
    _ session: inout Session
  ) async -> [ContainerLedger.Step] {
    switch input {
    case .piece(let piece):
      guard session.isSubscribed else {
        session.isSubscribed = true
        return ledger.wantAll()
      }
      return await take(events: session.lines.receive(piece), &session)
    case .ended(let failure):
      return await eventsEnded(failure, &session)
    case .answer(.failure(let failure), _):
      session.failure = failure
      return []
    case .answer(.success(let body), let question):
      return await take(answer: body, to: question, &session)
    case .resolved(let addresses, let configured, let container):
      guard let vantage else { return [] }
      let mapping = ContainerMapping(options: options, vantage: vantage)
      return ledger.take(addresses: addresses, of: configured, container: container, mapping)
    case .timeToLook(let container):
      return ledger.lookAgain(at: container)
    case .timeToList:
      if let polls = session.polls {
        session.polls = polls + 1
        // Now and then the events are tried again.
        if polls > 12 { session.failure = .closed }
      }
      return ledger.wantAll()
    }
  }

  private mutating func take(
    events lines: [[UInt8]],
    _ session: inout Session
  ) async -> [ContainerLedger.Step] {
    var steps: [ContainerLedger.Step] = []
    var unread = session.lines.takeSkipped()
    for line in lines {
      switch ContainerEvent.read(line) {
      case .event(let event): steps += ledger.take(event)
      case .meaningless: break
      case .malformed: unread += 1
      }
    }
    guard unread > 0 else { return steps }
    let isWorthALine =
      unreadEvents.leadingZeroBitCount > (unreadEvents + unread).leadingZeroBitCount
    unreadEvents += unread
    if isWorthALine {
      await tell(
        .troubled(
          "\(endpoint) sent \(unreadEvents) events so far that can't be read, or are longer than "
            + "\(DiscoveryLimits.eventLine) bytes; everything is listed anew"
        )
      )
    }
    return steps + ledger.eventsMissed()
  }

  /// A proxy may refuse the events, or never send their head: then it's lists alone.
  private mutating func eventsEnded(
    _ failure: ControlFailure,
    _ session: inout Session
  ) async -> [ContainerLedger.Step] {
    switch failure {
    case .status(let status) where !session.isSubscribed:
      await report(
        "\(endpoint) answers \(status) to GET /events: changes are seen every "
          + "\(options.pollInterval) only"
      )
    case .timedOut where !session.isSubscribed:
      await report("\(endpoint) sends no events: changes are seen late")
    default:
      session.failure = failure
      return []
    }
    session.polls = 0
    session.startsPolling = true
    return ledger.wantAll()
  }

  private mutating func take(
    answer body: [UInt8],
    to question: ContainerLedger.Question,
    _ session: inout Session
  ) async -> [ContainerLedger.Step] {
    guard let (containers, isCut) = Container.list(body, labels: options.labels.keys) else {
      session.failure = .malformed
      return []
    }
    let networks = LocalNetworks.current()
    if case .all = question {
      session.hasListed = true
      vantage = DockerVantage(
        engine: session.api.address,
        containers: containers,
        own: OwnContainer.find(),
        networks: networks,
        defaultHost: options.defaultHost
      )
      await report(isCut: isCut)
      if session.polls == nil { await reportWatching(session.api) }
    }
    guard var vantage else { return [] }
    vantage.networks = networks
    let mapping = ContainerMapping(options: options, vantage: vantage)
    let steps = ledger.take(answer: containers, mapping)
    return vantage.isDoubtful(after: containers) ? steps + ledger.wantAll() : steps
  }

  private mutating func perform(
    _ steps: [ContainerLedger.Step],
    _ session: Session,
    _ group: inout TaskGroup<Void>
  ) async {
    let (api, feed) = (session.api, session.feed)
    for step in steps {
      switch step {
      case .tell(let change):
        await tell(change)
      case .ask(let question):
        group.addTask {
          let result: Result<[UInt8], ControlFailure>
          do throws(ControlFailure) {
            result = .success(try await api.list(question))
          } catch {
            result = .failure(error)
          }
          feed.yield(.answer(result, to: question))
        }
      case .wait(let duration, let container):
        group.addTask {
          try? await Task.sleep(for: duration)
          feed.yield(.timeToLook(container: container))
        }
      case .resolve(let container, let configured):
        guard let name = configured.name else { continue }
        // Not of the group: a name service that takes its time must not hold up a new connection.
        Task.detached { [names] in
          let addresses = await names.resolve(host: name.host, port: name.port)
          feed.yield(.resolved(addresses, configured, container: container))
        }
      }
    }
  }
}
