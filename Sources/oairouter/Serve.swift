public import ArgumentParser
import Glibc
import OAIRMock
public import OAIRouter

/// `oairouter serve`: the router itself.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Route requests to inference servers.",
    discussion: """
      Serves until SIGTERM or SIGINT; then running streams may finish (--drain-timeout), and a \
      second signal ends it at once.
      """
  )

  @Option(
    help: ArgumentHelp(
      "Address to serve on: host:port, [v6]:port or unix:/path; repeatable. (default: "
        + "127.0.0.1:11434, or 11435 when that is taken)",
      valueName: "address"
    ),
    transform: Self.parseAddress
  )
  var listen: [SocketAddress] = []

  @Option(
    help: ArgumentHelp(
      "An inference server, such as gpu=http://10.0.0.5:8000; repeatable. Settings: weight=2, "
        + "priority=1, max_in_flight=8, type=vllm.",
      valueName: "[id=]url[,setting=value…]"
    )
  )
  var backend: [BackendArgument] = []

  @Option(help: "The backend that takes requests for unknown models, and those without one.")
  var defaultBackend: String?

  @OptionGroup(title: "Models") var models: ModelArguments

  @Flag(help: "Serve the built-in model 'demo'.")
  var demo = false

  @Option(help: "How lines look: text or json. (default: text)")
  var logFormat = LogFormat.text

  @Option(help: "The least severe events that are logged: debug, info, notice, warning, error.")
  var logLevel = LogLevel.info

  @Option(
    help: "How long running streams may go on after SIGTERM.",
    transform: DurationArgument.parse
  )
  var drainTimeout: DurationArgument?

  @Option(
    help: "A FIN behind a request: abort (its client has left) or finish (it waits)."
  )
  var halfClose = HalfClose.abort

  @OptionGroup(title: "Discovery") var search: SearchArguments
  @OptionGroup(title: "Lists of backends") var discovery: DiscoveryArguments
  @OptionGroup(title: "Timeouts") var timeouts: TimeoutArguments
  @OptionGroup(title: "Choosing a backend") var selection: SelectionArguments
  @OptionGroup(title: "Limits") var limits: LimitArguments
  @OptionGroup(title: "Retries") var retries: RetryArguments
  @OptionGroup(title: "Health") var health: HealthArguments
  @OptionGroup(title: "Browsers") var browsers: BrowserArguments
  @OptionGroup(title: "Administration") var administration: AdminArguments
  @OptionGroup(title: "Keys and metrics") var access: AccessArguments

  func run() throws {
    // Whoever reads the log may go away; that ends no stream.
    signal(SIGPIPE, SIG_IGN)
    // Before any other thread exists: they inherit the mask.
    let signals: SignalFD
    do {
      signals = try SignalFD([SIGTERM, SIGINT])
    } catch {
      throw CommandFailure("signals can't be taken: \(error)")
    }
    let demoBackend = demo ? DemoBackend() : nil
    var options = try routerOptions()
    if let demoBackend { options.backends.append(try demoBackend.start()) }
    let router = try Self.makeRouter(options)
    Banner.listening(router, logFormat, isFallback: listen.isEmpty)
    let lines = options.lineSink
    Task.detached { await Self.serve(router, demoBackend, lines) }
    Task.detached { await Banner.ready(router) }
    _ = signals.next()
    router.drain()
    _ = signals.next()
    Glibc.exit(CommandFailure.failed)
  }

  /// Runs the router; the process ends with it.
  private static func serve(
    _ router: Router,
    _ demo: DemoBackend?,
    _ lines: LineSink?
  ) async {
    do {
      try await router.run()
      demo?.stop()
      lines?.flush()
      Glibc.exit(0)
    } catch {
      lines?.flush()
      Terminal.writeError("oairouter: \(error)\n")
      Glibc.exit(CommandFailure.failed)
    }
  }

  private static func makeRouter(_ options: RouterOptions) throws(CommandFailure) -> Router {
    do {
      return try Router(options)
    } catch {
      throw CommandFailure("\(error)", exitCode: CommandFailure.badUsage)
    }
  }

  private func routerOptions() throws(CommandFailure) -> RouterOptions {
    var options = RouterOptions()
    if listen.isEmpty { options.fallbackPort = 11435 } else { options.listen = listen }
    for argument in backend { options.backends.append(try argument.configured()) }
    try discovery.apply(to: &options)
    options.defaultBackend = defaultBackend
    let isConfigured = !backend.isEmpty || demo || !options.discoverers.isEmpty
    let sources = try search.sources(hasBackends: isConfigured)
    if let docker = sources.docker { options.discoverers.append(docker) }
    options.localPorts = sources.ports
    models.apply(to: &options)
    health.apply(to: &options.health)
    timeouts.apply(to: &options.proxy.timeouts)
    if let drainTimeout { options.proxy.timeouts.drain = drainTimeout.value }
    options.proxy.halfClose = halfClose
    limits.apply(to: &options.proxy)
    retries.apply(to: &options.proxy.retry)
    selection.apply(to: &options.proxy.selection)
    browsers.apply(to: &options.proxy.browsers)
    try administration.apply(to: &options.admin)
    try access.apply(to: &options)
    let output = FileDescriptor(STDOUT_FILENO)
    options.accessLog = logFormat == .json ? .json(output) : .text(output)
    let level = LogLevelSwitch(logLevel.level)
    let sink = try Self.eventSink()
    let handler = LineLogHandler(logFormat, to: sink, level: level)
    options.lineSink = sink
    options.logger = Logger(label: "oairouter") { _ in handler }
    options.logLevel = level
    if sources.lacksEngine {
      options.logger.notice(
        "no container engine",
        metadata: ["reason": "there is no socket of Docker or Podman, and DOCKER_HOST isn't set"]
      )
    }
    return options
  }

  private static func eventSink() throws(CommandFailure) -> LineSink {
    do throws(SystemError) {
      return try LineSink(FileDescriptor(STDERR_FILENO))
    } catch { throw CommandFailure("the log can't be opened: \(error)") }
  }

  private static func parseAddress(_ argument: String) throws -> SocketAddress {
    guard let address = SocketAddress(argument) else {
      throw ValidationError(SocketAddress.problem(in: argument) ?? "")
    }
    return address
  }
}

extension LogFormat: ExpressibleByArgument {}
extension HalfClose: ExpressibleByArgument {}

/// The least severe events that are logged.
enum LogLevel: String, CaseIterable, ExpressibleByArgument, Comparable {
  case debug, info, notice, warning, error

  var level: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .notice: .notice
    case .warning: .warning
    case .error: .error
    }
  }

  static func < (a: LogLevel, b: LogLevel) -> Bool { a.level < b.level }
}
