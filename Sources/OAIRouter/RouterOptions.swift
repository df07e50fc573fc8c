public import Logging
public import OAIRDiscovery
import OAIRHTTP1
public import OAIRProxy
public import OAIRRouting
public import OAIRSys

/// Everything that a router can be set to.
///
/// Plain fields with their defaults; `validate()` says what is wrong, and `Router.init` calls it.
public struct RouterOptions: Sendable {
  /// Where clients connect; port 0 takes any free one.
  public var listen: [SocketAddress] = [.loopback(port: 11434)]
  /// Listening sockets that the program has opened itself: by socket activation, or to share one.
  ///
  /// The router serves on duplicates, which it closes when it ends; the sockets stay the program's.
  /// They become non-blocking. Without `listen` and these the router serves what `serve` is given.
  public var listeners: [FileDescriptor] = []
  /// Tried instead when the port of the only `listen` address is taken.
  ///
  /// nil: that is an error.
  public var fallbackPort: UInt16?
  /// Reactors that serve, each on a thread of its own, 1 to 64.
  ///
  /// They share listeners, bounds and counters. One is enough for what most machines serve; more
  /// make sense where one core isn't, and never more than there are cores to spare.
  public var workers = 1
  /// How long a reactor polls for events after the last ones before its thread sleeps.
  ///
  /// 0 to 10 ms; 0, the default: it sleeps at once. Polling spares a request the time that a thread
  /// takes to wake up, and costs processor time: under scattered requests up to a whole core.
  public var spin = Duration.zero
  /// Backends known from the start, by URL; more can be registered at any time.
  public var backends: [ConfiguredBackend] = []
  /// Sources of further backends, with different names.
  public var discoverers: [any Discoverer] = []
  /// Ports of 127.0.0.1 where inference servers are looked for, but for those of `listen`.
  public var localPorts: [UInt16] = []
  /// The id of the backend that gets requests for unknown models, or without a model.
  public var defaultBackend: String?
  /// Models that stand for others: aliases, and fallbacks when a model's backends are spent.
  public var rewrites = ModelRewrites()
  /// Limits, timeouts and retries of the data plane.
  public var proxy = ProxyOptions()
  /// When and how backends are probed.
  public var health = HealthPolicy()
  /// Metrics.
  public var metrics = MetricsOptions()
  /// Where access lines go.
  public var accessLog = AccessLog.off
  /// Where administrators reach it; off by default.
  public var admin = AdminOptions()
  /// What `PUT /admin/log-level` turns: give the same to the `logger`'s handler.
  ///
  /// Access lines are written while it is at info or below; without it they always are.
  public var logLevel: LogLevelSwitch?
  /// Where the `logger`'s handler leaves its lines, if it does: metrics tell how many were dropped.
  public var lineSink: LineSink?
  /// What became of attempts to read the configuration anew, if anybody makes any.
  public var reloads: ReloadRecord?
  /// Those of `listeners`, and of an admin listener that was handed over, whose socket files come
  /// with them: the router removes those at its end, as if it had made them.
  public var adoptedListeners: Set<FileDescriptor> = []
  /// Has another process go on by the same listeners, when an administrator asks for it
  /// (`POST /admin/upgrade`); nil: nobody can.
  ///
  /// Called in a task, also while a former call is at work.
  public var upgrade: (@Sendable (UpgradeRequest) async -> UpgradeOutcome)?
  /// What became of upgrades, if there are any.
  public var upgrades: UpgradeRecord?
  /// Hears of what happens to backends and of start and stop; info or less severe.
  public var logger: Logger

  /// The defaults: 127.0.0.1:11434, no backends, no access log, a logger that says nothing.
  public init() {
    logger = Logger(label: "oairouter") { _ in SwiftLogNoOpLogHandler() }
  }

  /// Checks what can be checked without touching the system.
  ///
  /// - Throws: `ConfigurationError` with the option's name and what it should be.
  public func validate() throws(ConfigurationError) {
    try validateHealth()
    let ids = backends.map(\.id)
    if let twice = Self.repeated(ids) {
      throw ConfigurationError("backends", "have the id '\(twice)' twice")
    }
    if let defaultBackend, discoverers.isEmpty, localPorts.isEmpty, !ids.contains(defaultBackend) {
      throw ConfigurationError(
        "default_backend",
        "is '\(defaultBackend)', which is none of the backends"
      )
    }
    let listened = listen.filter { $0.port != 0 }.map(\.description)
    if let twice = Self.repeated(listened) {
      throw ConfigurationError("listen", "has \(twice) twice")
    }
    if let problem = rewrites.problem {
      let colon = problem.firstIndex(of: ":") ?? problem.endIndex
      throw ConfigurationError(
        String(problem[..<colon]),
        "are wrong" + String(problem[colon...])
      )
    }
    try validateKeys()
    try validateReactors()
    if let problem = admin.problem { throw ConfigurationError("admin", problem) }
    if proxy.retry.attempts < 0 || proxy.retry.attempts > 7 {
      throw ConfigurationError("retry.attempts", "must be 0 to 7, not \(proxy.retry.attempts)")
    }
    if !(0...100).contains(proxy.retry.budgetPercent) {
      let percent = proxy.retry.budgetPercent
      throw ConfigurationError("retry.budget_percent", "must be 0 to 100, not \(percent)")
    }
    for (name, size) in sizes where size < 1024 {
      throw ConfigurationError(name, "must be 1KiB or more, not \(size) bytes")
    }
    for (name, size) in sizes where size > Self.largestSize {
      throw ConfigurationError(name, "must be 1TiB or less, not \(size) bytes")
    }
    if proxy.limits.http.head > Self.largestHead {
      throw ConfigurationError("limits.head", "must be 16MiB or less")
    }
    for id in ids where !ConfiguredBackend.isValidID(id) {
      throw ConfigurationError(
        "backends",
        "have an id that isn't 1 to \(RoutingLimits.backendID) visible ASCII characters"
      )
    }
    if proxy.limits.bodiesTotal < proxy.limits.leastBodiesTotal {
      throw ConfigurationError(
        "limits.bodies_total",
        "must be \(proxy.limits.leastBodiesTotal) bytes or more, to have room for bodies of "
          + "limits.body (\(proxy.limits.body) bytes)"
      )
    }
    for (name, duration) in timeouts where duration <= .zero {
      throw ConfigurationError(name, "must be longer than 0s")
    }
    for origin in proxy.browsers.corsOrigins where !Self.isOrigin(origin) {
      throw ConfigurationError(
        "cors.origins",
        "has '\(origin)': an origin is scheme://host[:port] without a path, or *"
      )
    }
    for host in proxy.browsers.allowedHosts where !Self.isHostName(host) {
      throw ConfigurationError("allowed_hosts", "has '\(host)': a name without a port, or *")
    }
    try proxy.selection.validate()
  }

  private func validateReactors() throws(ConfigurationError) {
    guard (1...Self.mostWorkers).contains(workers) else {
      throw ConfigurationError("workers", "must be 1 to \(Self.mostWorkers), not \(workers)")
    }
    if spin < .zero || spin > Self.longestSpin {
      throw ConfigurationError("spin", "must be 0us to 10ms")
    }
    if let connections = proxy.limits.connections, connections < 1 {
      throw ConfigurationError("limits.connections", "must be 1 or more, not \(connections)")
    }
    guard connections >= workers else {
      throw ConfigurationError(
        "limits.connections",
        "must be \(workers) or more, one for each of the workers, not \(connections)"
      )
    }
  }

  private static func repeated(_ ids: [String]) -> String? {
    var seen: Set<String> = []
    return ids.first { !seen.insert($0).inserted }
  }

  private func validateKeys() throws(ConfigurationError) {
    if let problem = ClientKey.problem(of: proxy.keys) {
      throw ConfigurationError("keys", problem)
    }
    for backend in backends {
      guard let problem = backend.credentials.problem else { continue }
      throw ConfigurationError(
        "backends",
        "have '\(backend.id)', whose credentials can't be: \(problem)"
      )
    }
  }

  private func validateHealth() throws(ConfigurationError) {
    guard let problem = health.problem else { return }
    throw ConfigurationError("health.\(problem.option)", problem.text)
  }

  /// LIMIT: reactors.
  public static let mostWorkers = Commons.mostWorkers
  /// LIMIT: whoever waits for longer than that loses nothing by sleeping.
  public static let longestSpin = Duration.milliseconds(10)
  /// Sums of sizes stay far from overflowing.
  private static let largestSize = 1 << 40
  /// Working memory is as large as a head may be.
  private static let largestHead = 16 << 20

  private static func isOrigin(_ text: String) -> Bool {
    // What pages in sandboxes send.
    if text == "*" || text == "null" { return true }
    guard let end = text.firstRange(of: "://")?.upperBound else { return false }
    let host = text[end...]
    return !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x2f }
  }

  private static func isHostName(_ text: String) -> Bool {
    text == "*"
      || !text.isEmpty
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x2f && $0 != 0x3a }
  }

  /// Client connections at one time, by the descriptor limit of this process.
  var connections: Int { connections(descriptors: DescriptorLimit.current) }

  /// Client connections at one time: as set, or half of what the descriptor limit leaves, because
  /// each may need one to a backend.
  ///
  /// - Parameter descriptors: how many a process may have open.
  public func connections(descriptors: Int) -> Int {
    if let connections = proxy.limits.connections { return connections }
    return max(16, (descriptors - 64) / 2)
  }

  private var sizes: [(String, Int)] {
    let limits = proxy.limits
    return [
      ("limits.head", limits.http.head), ("limits.request_line", limits.http.requestLine),
      ("limits.body", limits.body), ("limits.bodies_total", limits.bodiesTotal),
      ("limits.replay", limits.replay),
      ("limits.write_queue", limits.writeQueue),
    ]
  }

  private var timeouts: [(String, Duration)] {
    let timeouts = proxy.timeouts
    return [
      ("timeouts.head", timeouts.head), ("timeouts.body_idle", timeouts.bodyIdle),
      ("timeouts.connect", timeouts.connect), ("timeouts.first_byte", timeouts.firstByte),
      ("queue.timeout", timeouts.queue),
      ("timeouts.idle", timeouts.idle), ("timeouts.write", timeouts.write),
      ("timeouts.keep_alive", timeouts.keepAlive),
      ("timeouts.upstream_idle", timeouts.upstreamIdle),
      ("timeouts.tunnel_idle", timeouts.tunnelIdle),
    ]
  }
}

/// An option that can't be: which one, and what it should be.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The option's name, as in the configuration file.
  public let option: String
  /// What is wrong with it.
  public let problem: String

  /// Names an option and what is wrong with it.
  public init(_ option: String, _ problem: String) {
    self.option = option
    self.problem = problem
  }

  /// "limits.body must be …".
  public var description: String { "\(option) \(problem)" }
}

/// Why a router couldn't start.
public enum RouterError: Error, Sendable, CustomStringConvertible {
  /// An option is wrong.
  case configuration(ConfigurationError)
  /// An address can't be listened on.
  case listen(SocketAddress, SystemError)
  /// The admin listener's address can't be listened on.
  case admin(SocketAddress, SystemError)
  /// One of `listeners` isn't a listening socket.
  case listener(FileDescriptor, SystemError)
  /// The system refused something else that serving needs.
  case system(SystemError)
  /// `run()` was called a second time.
  case alreadyRun
  /// It serves no more.
  case ended

  /// What happened, a likely cause, and what to try.
  public var description: String {
    switch self {
    case .configuration(let error): return error.description
    case .listen(let address, let error):
      return "can't listen on \(address): \(error.errno.text)\n\(Self.advice(error.errno, address))"
    case .admin(let address, let error):
      return "can't listen on \(address) for administrators: \(error.errno.text)\n"
        + "\(Self.adminAdvice(error.errno, address))or --admin off"
    case .listener(let descriptor, let error):
      return "descriptor \(descriptor.raw) of listeners isn't a listening socket: \(error)"
    case .ended: return "the router has ended"
    case .system(let error): return "the system refused: \(error)"
    case .alreadyRun: return "a Router runs once; make a new one"
    }
  }

  /// Whether it may be otherwise in a while: whoever has the address may end, an interface may come
  /// up.
  public var mayPass: Bool {
    switch self {
    case .listen(_, let error), .admin(_, let error):
      error.errno == .addressInUse || error.errno == .addressNotAvailable
    case .system: true
    case .configuration, .listener, .alreadyRun, .ended: false
    }
  }

  private static func adminAdvice(_ error: Errno, _ address: SocketAddress) -> String {
    if case .unix = address { return unixAdvice(error) + ", another address with --admin, " }
    return "likely cause: another router has it, or it isn't one of this machine's.\n"
      + "try: another address with --admin, "
  }

  /// Of a file that can't be listened on; its last sentence goes on.
  private static func unixAdvice(_ error: Errno) -> String {
    switch error {
    case .addressInUse:
      "likely cause: another program listens there, or there is a file that is no socket.\n"
        + "try: 'ss -lxp' to see which"
    case .noSuchFile: "likely cause: its folder isn't there.\ntry: to make the folder"
    case .accessDenied, .readOnlyFileSystem:
      "likely cause: this user may make no files in its folder.\ntry: a folder of this user's"
    default: "likely cause: its path can't be one of a socket.\ntry: another path"
    }
  }

  private static func advice(_ error: Errno, _ address: SocketAddress) -> String {
    if case .unix = address { return unixAdvice(error) + ", or another address with --listen" }
    return inetAdvice(error, address)
  }

  private static func inetAdvice(_ error: Errno, _ address: SocketAddress) -> String {
    switch error {
    case .addressInUse:
      "likely cause: another program listens there"
        + (address.port == 11434 ? ", as Ollama does.\n" : ".\n")
        + "try: 'ss -ltnp' to see which, or another address with --listen"
    case .accessDenied:
      "likely cause: ports below 1024 need CAP_NET_BIND_SERVICE.\n"
        + "try: a port above 1023, or a systemd socket unit"
    default:
      "likely cause: the address isn't one of this machine's.\n"
        + "try: 'ip addr' to see which are, or 0.0.0.0 for all"
    }
  }
}

/// Where access lines go, and how they look.
public enum AccessLog: Equatable, Sendable {
  /// Nowhere.
  case off
  /// One `key=value` line per exchange.
  case text(FileDescriptor)
  /// One JSON object per exchange and line.
  case json(FileDescriptor)
}
