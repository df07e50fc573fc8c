import Glibc
import OAIRMock
import OAIRouter

/// What `serve` does, whoever has read its arguments.
struct Serving {
  let source: ConfigurationSource
  /// What `--discover` says.
  let discover: [DiscoverySource]
  /// Whether the built-in model is served, too.
  let hasDemo: Bool

  /// Serves until a signal ends it; on the main thread, before any other one exists.
  ///
  /// - Throws: `CommandFailure` when it can't begin.
  func run() throws {
    // Whoever reads the log may go away; that ends no stream.
    signal(SIGPIPE, SIG_IGN)
    Router.tuneAllocator()
    let start = ProcessStart.remember()
    // Before any other thread exists: they inherit the mask.
    let signals: SignalFD
    do {
      signals = try SignalFD([SIGTERM, SIGINT, SIGHUP])
    } catch {
      throw CommandFailure("signals can't be taken: \(error)")
    }
    // nohup(1) has it ignored, and what is ignored isn't reported. It means a terminal that goes.
    let outlivesTerminal = Self.isIgnored(SIGHUP)
    signal(SIGHUP, SIG_DFL)
    let predecessor = try Predecessor.take()
    let outlives = outlivesTerminal || predecessor?.note.outlivesTerminal == true
    do { try serve(signals, start, predecessor, outlivesTerminal: outlives) } catch {
      predecessor?.tell((error as? CommandFailure)?.text ?? "\(error)")
      throw error
    }
  }

  private func serve(
    _ signals: borrowing SignalFD,
    _ start: ProcessStart,
    _ predecessor: Predecessor?,
    outlivesTerminal: Bool
  ) throws {
    let formerLimit = DescriptorLimit.current
    let limit = DescriptorLimit.raise(to: Self.descriptors)
    DescriptorLimit.reserveTable(limit)
    let activated = try ActivatedListeners.take(from: predecessor?.note)
    let service = try Self.supervisor()
    let upgrader = Upgrader(start, after: predecessor?.note, outlivesTerminal: outlivesTerminal)
    let demoBackend = hasDemo ? DemoBackend() : nil
    var source = source
    let (bytes, setup) = try read(&source)
    var options = try options(setup)
    let demo = try demoBackend?.start()
    if let demo { options.backends.append(demo) }
    options.logger.info(
      "descriptor limit",
      metadata: ["open_files": "\(limit)", "was": "\(formerLimit)"]
    )
    let record = ReloadRecord()
    options.reloads = record
    options.upgrades = upgrader.record
    options.upgrade = { await upgrader.upgrade($0) }
    activated.apply(to: &options)
    let router = try Self.makeRouter(options)
    activated.close()
    upgrader.attach(router, service, options.logger)
    Banner.listening(router, setup.format, isFallback: options.fallbackPort != nil)
    let life = ServedLife(
      router: router,
      demo: demoBackend,
      lines: options.lineSink,
      logger: options.logger,
      service: service,
      predecessor: predecessor,
      upgrader: upgrader
    )
    Task.detached { await life.run() }
    Task.detached { await Banner.ready(router) }
    Task.detached {
      // By then the first probes have been answered.
      try? await Task.sleep(for: .seconds(2))
      StartupPages.release()
    }
    let reloader = ConfigurationReloader(
      source,
      setup: setup,
      options: options,
      demo: demo,
      router: router,
      record: record,
      observer: ReloadObserver(
        began: { service?.reloadBegan() },
        ended: { service?.reloadEnded(trouble: $0) }
      )
    )
    Task.detached { await reloader.run(bytes: bytes) }
    life.obey(signals, reloader, outlivesTerminal: outlivesTerminal)
  }

  /// LIMIT: descriptors that the soft limit is raised to; more are there if it is higher already.
  static let descriptors = 65_536

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    // SAFETY: both are addresses, or numbers in their place, which nobody follows.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Whom to tell, if somebody asked for it.
  private static func supervisor() throws(CommandFailure) -> Supervisor? {
    do throws(SystemError) {
      return try Supervisor.take()
    } catch {
      throw CommandFailure(
        "NOTIFY_SOCKET can't be used: \(error.errno.text)",
        exitCode: CommandFailure.badUsage
      )
    }
  }

  private static func makeRouter(_ options: RouterOptions) throws(CommandFailure) -> Router {
    do {
      return try Router(options)
    } catch {
      let mayPass = error.mayPass
      throw CommandFailure(
        "\(error)",
        exitCode: mayPass ? CommandFailure.failed : CommandFailure.badUsage
      )
    }
  }

  private func read(
    _ source: inout ConfigurationSource
  ) throws(CommandFailure) -> (bytes: [UInt8]?, setup: RouterSetup) {
    do throws(SettingsFailure) {
      let bytes = try source.firstBytes()
      let setup = try source.setup(
        of: bytes,
        discover: discover,
        hasDemo: hasDemo
      )
      return (bytes, setup)
    } catch { throw CommandFailure(error) }
  }

  private func options(_ setup: RouterSetup) throws(CommandFailure) -> RouterOptions {
    var options: RouterOptions
    do throws(SettingsFailure) { options = try setup.options() } catch {
      throw CommandFailure(error)
    }
    let level = LogLevelSwitch(setup.level)
    let sink = try Self.eventSink()
    let handler = LineLogHandler(setup.format, to: sink, level: level)
    options.lineSink = sink
    options.logger = Logger(label: "oairouter") { _ in handler }
    options.logLevel = level
    tell(setup.settings, options)
    return options
  }

  private static func eventSink() throws(CommandFailure) -> LineSink {
    do throws(SystemError) {
      return try LineSink(FileDescriptor(STDERR_FILENO))
    } catch { throw CommandFailure("the log can't be opened: \(error)") }
  }

  /// What a user may want to know before anything happens.
  private func tell(_ settings: Settings, _ options: RouterOptions) {
    for warning in settings.warnings {
      options.logger.warning("setting ignored", metadata: ["reason": .string(warning)])
    }
    let isKnown = hasDemo || !options.backends.isEmpty
    if !isKnown, options.discoverers.isEmpty, options.localPorts.isEmpty {
      let reason =
        "none is named, and nothing looks for any; until one is added, requests are refused"
      options.logger.warning("no backends", metadata: ["reason": .string(reason)])
    }
    // Looked for, and not there.
    let lacksEngine =
      settings.value("discovery.docker.enabled").text == "auto" && !options.localPorts.isEmpty
      && !options.discoverers.contains { $0.name == "docker" }
    if lacksEngine {
      options.logger.notice(
        "no container engine",
        metadata: ["reason": "there is no socket of Docker or Podman, and DOCKER_HOST isn't set"]
      )
    }
  }
}
