import Glibc
import Logging
import OAIRAdmin
import OAIRDiscovery
import OAIRProxy
import OAIRReactor
public import OAIRRouting
public import OAIRSys
import Synchronization

// Wires the two planes and nothing else: the data plane on a thread of its own, the control plane
// on its queues, and what crosses between them: tables and commands by mailbox, signals by outbox,
// access records by ring.

/// A router: it listens from its creation on, and serves while `run()` runs.
public final class Router: Sendable {
  /// The backends: register and unregister at any time, from anywhere.
  public let registry: BackendRegistry
  /// The addresses that clients connect to; a requested port 0 has become a number.
  public let boundAddresses: [SocketAddress]

  private let configuration: LiveConfiguration
  private let controlPlane: ControlPlane
  private let mailboxes: ProxyMailboxes
  private let commons: Commons
  /// Counts connections that were handed over, so that the workers get them in turn.
  private let handed = Atomic<Int>(0)
  private let outbox: SignalOutbox
  /// One element when signals wait.
  private let wakeUps: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation
  private let listeners: ListenerSet
  private let admin: AdminListener?
  /// What is no backend: all that this router listens on.
  private let ownAddresses: [SocketAddress]
  let administration = Administration()
  private let reports: ReportDesk
  private let metrics: MetricsDesk
  private let troubles = DiscoveryTroubles()
  private let listing = FirstListing()
  private let hasRun = Atomic<Bool>(false)
  private let hasEnded = Atomic<Bool>(false)
  let leavesFiles = Atomic<Bool>(false)

  /// Checks the options and opens the listeners.
  ///
  /// Nothing is served yet; connections wait in the kernel's backlog.
  ///
  /// - Throws: `RouterError` when an option is wrong, an address can't be listened on, or no
  ///   descriptor is left.
  public init(_ options: RouterOptions) throws(RouterError) {
    do throws(ConfigurationError) { try options.validate() } catch { throw .configuration(error) }
    let configuration = LiveConfiguration(options)
    self.configuration = configuration
    listeners = try ListenerSet(options)
    boundAddresses = listeners.addresses
    admin = try Self.openAdmin(options)
    ownAddresses = listeners.addresses + [admin?.address].compactMap { $0 }
    do throws(SystemError) {
      mailboxes = try ProxyMailboxes(workers: options.workers)
      commons = Commons(
        options.proxy.limits,
        connections: options.connections,
        mailboxes: mailboxes
      )
      var discoverers = options.discoverers
      if !options.localPorts.isEmpty {
        discoverers.append(LocalPortDiscoverer(ports: options.localPorts, own: ownAddresses))
      }
      let mailboxes = mailboxes
      let listing = listing
      let states = BackendStateLog(options.logger)
      let metrics = MetricsDesk(options, mailboxes: mailboxes)
      self.metrics = metrics
      registry = BackendRegistry(
        options: RegistryOptions(
          health: options.health,
          defaultBackend: options.defaultBackend,
          rewrites: options.rewrites,
          awaitedDiscoverers: Set(discoverers.map(\.name) + [ControlPlane.configuredName])
        )
      ) { table in
        let mail = ProxyMail(table: table, options: configuration.takePending())
        mailboxes.post(mail)
        listing.published(table)
        states.published(table)
        metrics.published(table)
      }
      let log = ControlPlaneLog(options.logger)
      let troubles = troubles
      controlPlane = ControlPlane(
        registry: registry,
        client: try ControlClient(),
        backends: options.backends,
        discoverers: discoverers,
        own: ownAddresses,
        report: {
          log.write($0)
          metrics.count($0)
          troubles.take($0)
        }
      )
    } catch { throw .system(error) }
    (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    let wake = wake
    outbox = SignalOutbox { wake.yield() }
    let mailboxes = mailboxes
    reports = ReportDesk(workers: options.workers) { wantsTelemetry in
      mailboxes.post(ProxyMail(wantsReport: true, wantsTelemetry: wantsTelemetry))
    }
  }

  private static func openAdmin(_ options: RouterOptions) throws(RouterError) -> AdminListener? {
    switch try AdminListener.open(options) {
    case .opened(let listener): return listener
    case .none(let reason):
      if let reason {
        options.logger.info("no admin listener", metadata: ["reason": .string(reason)])
      }
      return nil
    }
  }

  private var options: RouterOptions { configuration.options }
  /// What is held of all listeners, the administrators' last.
  var holds: [ListenerHold] { listeners.holds + [admin?.hold].compactMap { $0 } }

  /// The first of `boundAddresses`; for a router that has one.
  public var boundAddress: SocketAddress { boundAddresses[0] }

  /// The address that administrators connect to; nil when there is none.
  public var adminAddress: SocketAddress? { admin?.address }

  /// Serves until `drain()` or `stop()` is called or the task is cancelled, then returns when all
  /// exchanges have ended.
  ///
  /// The reactor gets a thread of its own: no thread of Swift's pool is blocked, and signal masks
  /// and handlers of the program are left alone.
  ///
  /// - Parameter ready: waited for before the first connection is accepted, while backends are
  ///   looked for already; what it throws ends the router, and is thrown.
  /// - Throws: `RouterError` when it has run before, or the system refuses what serving needs.
  public func run(
    when ready: (@Sendable (Router) async throws -> Void)? = nil
  ) async throws {
    guard !hasRun.exchange(true, ordering: .sequentiallyConsistent) else {
      throw RouterError.alreadyRun
    }
    // However it ends.
    defer { hasEnded.store(true, ordering: .sequentiallyConsistent) }
    let proxy: ProxyOptions
    do throws(ConfigurationError) {
      proxy = try options.proxyOptions(configuration.numbers)
    } catch { throw RouterError.configuration(error) }
    let writer = try AccessLogWriter(
      options.accessLog,
      keys: configuration.numbers,
      workers: options.workers,
      lost: metrics.lostAccessLines
    )
    writer?.start()
    if let rings = writer?.rings { options.logLevel?.observe { rings.setWanted($0 <= .info) } }
    let added = AddedBackends(registry, controlPlane.client, own: ownAddresses)
    do { try await controlPlane.start() } catch { throw RouterError.system(error) }
    let signals = Task { await deliverSignals() }
    let result: Result<ProxyCounters, any Error>
    do {
      try await ready?(self)
      try beginAdministration(added)
      logListening()
      result = await withTaskCancellationHandler {
        await serve(proxy, writer?.rings)
      } onCancel: {
        drain()
      }
    } catch let error as SystemError { result = .failure(RouterError.system(error)) } catch {
      result = .failure(error)
    }
    await end(added)
    await signals.value
    await controlPlane.stop()
    writer?.stop()
    switch result {
    case .success(let counters):
      var metadata: Logger.Metadata = ["requests": "\(counters.requests)"]
      for (name, count) in counters.troubles where count > 0 { metadata[name] = "\(count)" }
      options.logger.notice("stopped", metadata: metadata)
    case .failure(let error): throw error
    }
  }

  /// Nobody is served any more.
  private func end(_ added: AddedBackends) async {
    hasEnded.store(true, ordering: .sequentiallyConsistent)
    // Connections that were handed over too late are closed with their mail.
    mailboxes.empty()
    reports.close()
    for hold in holds {
      hold.close()
      if !leavesFiles.load(ordering: .sequentiallyConsistent) { hold.removeFile() }
    }
    await administration.stop()
    // Nobody was let in by it.
    admin?.close()
    await added.stop()
    wake.finish()
  }

  private func beginAdministration(_ added: AddedBackends) throws(SystemError) {
    guard let admin else { return }
    let desk = AdminDesk(
      registry: registry,
      added: added,
      reports: reports,
      troubles: troubles,
      configuration: configuration,
      addresses: boundAddresses,
      isAdminLocal: Self.isLocal(admin.address),
      startedAt: LinuxKernel.now()
    )
    let configuration = configuration
    try administration.begin { () throws(SystemError) in
      guard let descriptor = admin.release() else { return nil }
      return try AdminServer(
        try ListeningSocket(adopting: OwnedFD(owning: descriptor)),
        key: configuration.options.admin.key
      ) { await desk.answer($0) }
    }
  }

  /// Only this machine's users can come, and of those only whom the file's mode lets in.
  private static func isLocal(_ address: SocketAddress?) -> Bool {
    if case .unix = address { true } else { false }
  }

  private func logListening() {
    var metadata: Logger.Metadata = [
      "addresses": .string(boundAddresses.map(\.description).joined(separator: ", "))
    ]
    if let adminAddress { metadata["admin"] = .string(adminAddress.description) }
    options.logger.notice("listening", metadata: metadata)
  }

  /// One task takes them all: their order tells what a backend's state is.
  private func deliverSignals() async {
    for await _ in wakeUps { await registry.apply(signals: outbox.take()) }
  }

  private var metricsPrinter: MetricsPrinter? {
    guard options.metrics.isEnabled else { return nil }
    let metrics = metrics
    guard options.workers > 1 else { return { metrics.take($0) } }
    let reports = reports
    return { metrics.take($0, completedBy: reports) }
  }

  /// Runs all workers to their ends.
  private func serve(
    _ proxy: ProxyOptions,
    _ rings: AccessRings?
  ) async -> Result<ProxyCounters, any Error> {
    let listeners: [[FileDescriptor]]
    do throws(SystemError) {
      listeners = try self.listeners.release(copies: commons.workers)
    } catch { return .failure(RouterError.system(error)) }
    let rings = rings?.rings
    return await withTaskGroup(of: Result<ProxyCounters, SystemError>.self) { group in
      for worker in listeners.indices {
        let plane = plane(proxy, worker, rings?[worker])
        let own = listeners[worker]
        group.addTask { await Self.run(plane, listeners: own) }
      }
      var counters: [ProxyCounters] = []
      var failure: SystemError?
      for await result in group {
        switch result {
        case .success(let counted): counters.append(counted)
        case .failure(let error):
          failure = failure ?? error
          // A router without one of its workers isn't what was asked for.
          stop()
        }
      }
      if let failure { return .failure(RouterError.system(failure)) }
      return .success(ProxyCounters.together(counters))
    }
  }

  private func plane(_ proxy: ProxyOptions, _ worker: Int, _ ring: AccessRing?) -> DataPlane {
    var plane = DataPlane(
      options: proxy,
      connections: options.connections,
      commons: commons,
      worker: worker,
      mailbox: mailboxes.all[worker],
      outbox: outbox,
      ring: ring,
      reports: reports,
      metricsPrinter: metricsPrinter
    )
    plane.spin = options.spin
    return plane
  }

  private static func run(
    _ plane: DataPlane,
    listeners: [FileDescriptor]
  ) async -> Result<ProxyCounters, SystemError> {
    await withCheckedContinuation { continuation in
      let name = plane.worker == 0 ? "oair-reactor" : "oair-reactor-\(plane.worker + 1)"
      OwnThread.start(name) {
        do throws(SystemError) {
          continuation.resume(returning: .success(try plane.run(listeners: listeners)))
        } catch { continuation.resume(returning: .failure(error)) }
      }
    }
  }

  /// Serves a connection that the program has accepted itself.
  ///
  /// Before `run()` it waits, as in a listener's backlog. Callable from anywhere.
  ///
  /// - Parameter connection: a connected stream socket, nothing of which was read; it belongs to
  ///   the router from here on, which closes it in every case.
  /// - Throws: `RouterError.ended` when `run()` has returned, `.system` when it's no such socket.
  public func serve(_ connection: consuming OwnedFD) throws(RouterError) {
    let handed: HandedConnection
    do throws(SystemError) {
      handed = try HandedConnection(connection)
    } catch { throw .system(error) }
    guard !hasEnded.load(ordering: .sequentiallyConsistent) else { throw .ended }
    let turn = self.handed.wrappingAdd(1, ordering: .relaxed).oldValue
    mailboxes.post(ProxyMail(connections: [handed]), to: turn % commons.workers)
  }

  /// Takes other options over while it runs, all of them with one route table; before `run()` it
  /// waits for that.
  ///
  /// Exchanges under way keep what they began with: their backend, their deadlines, their key.
  /// Callable from anywhere; several changes are made one after the other.
  ///
  /// - Parameter newer: of these only what may change while a router runs counts
  ///   (`RouterOptions.adopting`); the rest stays as it is. Backends that were registered otherwise
  ///   are left alone.
  /// - Returns: what became of it; options that are the same change nothing.
  /// - Throws: `RouterError.configuration` when an option is wrong: nothing has changed then.
  ///   `.ended` when `run()` has returned.
  @discardableResult
  public func reconfigure(_ newer: RouterOptions) async throws(RouterError) -> Reconfiguration {
    guard !hasEnded.load(ordering: .sequentiallyConsistent) else { throw .ended }
    return try await configuration.reconfigure(newer, controlPlane)
  }

  /// What becomes of a file, seen in the control plane's loop.
  package func news(of file: FollowedFile) -> AsyncStream<FollowedFile.News> {
    file.news(using: controlPlane.client)
  }

  /// How long `drain()` goes on serving, as it is set now.
  public var drainDelay: Duration { options.proxy.timeouts.drainDelay }

  /// Accepts nothing new, lets exchanges finish for as long as `timeouts.drain` says, then ends
  /// them so that their clients can tell.
  ///
  /// With a `timeouts.drainDelay` it serves on for so long at first, while `/readyz` answers 503.
  /// `run()` returns in the end. Callable from anywhere.
  ///
  /// - Parameter now: without the delay, or what is left of it.
  public func drain(now: Bool = false) {
    post(now ? .drain : .leave)
  }

  /// Sends the reactor a command that ends it, sooner or later.
  func post(_ command: ProxyMail.Command) {
    // First: nobody could serve those whom they would let in.
    for hold in holds { hold.close() }
    mailboxes.post(ProxyMail(command: command))
  }

  /// The same without waiting.
  ///
  /// Callable from anywhere.
  public func stop() { post(.stop) }

  /// Asks the reactor what it is doing: an answer is evidence that its loop turns.
  ///
  /// Callable from anywhere; before `run()` the question waits.
  ///
  /// - Parameter answer: called once, on the reactor's thread, where it must return at once; with
  ///   nil when the router has ended.
  public func summary(_ answer: @escaping @Sendable (RouterSummary?) -> Void) {
    reports.ask { answer($0.map { RouterSummary($0) }) }
  }

  /// Waits until every backend known from the start was asked for its models, or 5 s have passed.
  ///
  /// - Returns: the table of that moment.
  public func firstListing() async -> RouteTable { await listing.wait() }
}
