import Glibc
import OAIRDiscovery
import OAIRouter

/// Makes a router's options of settings.
struct RouterSetup {
  var settings: Settings
  /// `--discover`.
  var discover: [DiscoverySource] = []
  /// A backend of its own comes on top.
  var hasDemo = false

  /// Options that are checked.
  ///
  /// Reads the files that settings name, on the caller's thread.
  ///
  /// - Throws: `SettingsFailure` with the place of each mistake.
  func options() throws(SettingsFailure) -> RouterOptions {
    var failure = SettingsFailure()
    var options = live(&failure)
    options.discoverers = namedDiscoverers(&failure)
    guard failure.isEmpty else { throw failure }
    if settings.isSaid("listen") {
      options.listen = settings.value("listen").elements
        .compactMap { $0.text.flatMap { SocketAddress($0) } }
      guard !options.listen.isEmpty else {
        throw SettingsFailure("\(settings["listen"].origin.place): listen needs an address")
      }
    } else {
      options.fallbackPort = 11435
    }
    let sources = try search(settings).sources(hasBackends: hasBackends(settings))
    if let docker = sources.docker { options.discoverers.append(docker) }
    options.localPorts = sources.ports
    options.admin.place = adminPlace
    let output = FileDescriptor(STDOUT_FILENO)
    if settings.value("log.access").boolean == true {
      options.accessLog = format == .json ? .json(output) : .text(output)
    }
    options.metrics.isEnabled = settings.value("metrics.enabled").boolean ?? true
    options.metrics.version = Version.text
    try check(options)
    return options
  }

  /// What a running router can take over; the rest has its defaults.
  ///
  /// - Throws: `SettingsFailure` with the place of each mistake.
  func reloadable() throws(SettingsFailure) -> RouterOptions {
    var failure = SettingsFailure()
    let options = live(&failure)
    guard failure.isEmpty else { throw failure }
    return options
  }

  /// What is wrong with single settings and with what they name.
  ///
  /// Without what only shows when all of them are looked at together.
  var mistakes: SettingsFailure {
    var failure = SettingsFailure()
    _ = live(&failure)
    _ = namedDiscoverers(&failure)
    return failure
  }

  private func live(_ failure: inout SettingsFailure) -> RouterOptions {
    var options = RouterOptions()
    for key in SettingTable.keys { key.apply?(&options, settings.value(key.path)) }
    options.backends = backends(&failure)
    options.health = health
    options.proxy.keys = clientKeys(&failure)
    options.admin.key = failure.collect(adminKey) ?? nil
    if settings.value("session_affinity.enabled").boolean == true {
      options.proxy.selection.sessionHeader = settings.value("session_affinity.header").text
    }
    return options
  }

  /// How lines look.
  var format: LogFormat { settings.value("log.format").text == "json" ? .json : .text }

  /// The least severe events that are logged.
  var level: Logger.Level {
    settings.value("log.level").text.flatMap { LogLevel(rawValue: $0) }?.level ?? .info
  }

  // MARK: - Parts

  private func backends(_ failure: inout SettingsFailure) -> [ConfiguredBackend] {
    let setting = settings["backends"]
    guard let node = setting.node else { return [] }
    var source = Backend.Source.file
    if case .flag = setting.origin { source = .flag }
    return list("backends", &failure) { problems throws(DocumentError) in
      try BackendList.read(
        node,
        source: source,
        credentials: BackendSecrets.read,
        problems: &problems
      )
    }
  }

  private func clientKeys(_ failure: inout SettingsFailure) -> [ClientKey] {
    guard let node = settings["keys"].node else { return [] }
    return list("keys", &failure) { problems throws(DocumentError) in
      try KeyList.read(
        node,
        secret: { path in
          do throws(CommandFailure) {
            return .success(try KeyFile.secret(path))
          } catch { return .failure(KeyFileProblem(error.text)) }
        },
        problems: &problems
      )
    }
  }

  /// Reads a list, whose elements may each be wrong.
  private func list<Element>(
    _ path: String,
    _ failure: inout SettingsFailure,
    _ read: (inout [DocumentError]) throws(DocumentError) -> [Element]
  ) -> [Element] {
    var problems: [DocumentError] = []
    var elements: [Element] = []
    do throws(DocumentError) { elements = try read(&problems) } catch { problems.append(error) }
    for problem in problems { failure.add(settings[path].problem(problem)) }
    return elements
  }

  private var health: HealthPolicy {
    let standard = HealthPolicy()
    return HealthPolicy(
      interval: settings.value("health.interval").duration ?? .seconds(5),
      timeout: settings.value("health.timeout").duration ?? .seconds(2),
      failures: settings.value("health.failures").integer ?? standard.failures,
      successes: settings.value("health.successes").integer ?? standard.successes
    )
  }

  /// The settings in which another configuration differs from this one, and that a running router
  /// can't take over, in the table's order.
  ///
  /// Where servers are looked for is among them also when nobody has written it down, and it only
  /// follows from whether backends are configured.
  func awaitingRestart(for newer: Settings) -> [String] {
    var paths = Set(newer.differences(from: settings).filter { !$0.isLive }.map(\.path))
    let former = search(settings).wishes(hasBackends: hasBackends(settings))
    let next = search(newer).wishes(hasBackends: hasBackends(newer))
    if former.docker != next.docker { paths.insert("discovery.docker.enabled") }
    if former.ports != next.ports { paths.insert("discovery.local_ports") }
    return SettingTable.keys.map(\.path).filter(paths.contains)
  }

  /// Where servers are looked for that nobody has named.
  var wishes: (docker: DiscoverySearch.Wish, ports: DiscoverySearch.Wish) {
    search(settings).wishes(hasBackends: hasBackends(settings))
  }

  /// Whether somebody has said where servers are.
  private func hasBackends(_ settings: Settings) -> Bool {
    hasDemo || !settings.value("backends").elements.isEmpty
      || !settings.value("discovery.dns").elements.isEmpty
      || settings.value("discovery.file.path").text != nil
  }

  private func search(_ settings: Settings) -> DiscoverySearch {
    DiscoverySearch(settings: settings, discover: discover)
  }

  /// Sources of backends that somebody has named.
  private func namedDiscoverers(_ failure: inout SettingsFailure) -> [any Discoverer] {
    var discoverers: [any Discoverer] = []
    if let path = settings.value("discovery.file.path").text,
      let file = failure.collect({ () throws(SettingsFailure) in try file(path) })
    {
      discoverers.append(file)
    }
    return discoverers + (failure.collect(nameServices) ?? [])
  }

  private func file(_ path: String) throws(SettingsFailure) -> FileDiscoverer {
    let discoverer = FileDiscoverer(path: path) { bytes throws(DocumentError) in
      try BackendList.read(file: YAMLDocument.parse(bytes), credentials: BackendSecrets.read)
    }
    do throws(DocumentError) {
      try discoverer.check()
    } catch {
      let place = error.line == nil ? "\(path): " : "\(path):"
      throw SettingsFailure("\(place)\(error)")
    }
    return discoverer
  }

  private func nameServices() throws(SettingsFailure) -> [any Discoverer] {
    guard let node = settings["discovery.dns"].node else { return [] }
    let services: [DNSService]
    do throws(DocumentError) {
      services = try DNSService.list(node)
    } catch { throw failure("discovery.dns", error) }
    #if DNS
      return services.isEmpty ? [] : [DNSDiscoverer(services)]
    #else
      guard services.isEmpty else {
        throw SettingsFailure(
          "\(settings["discovery.dns"].origin.place): discovery.dns: this program was built "
            + "without it; Scripts/run builds it in, as does 'swift build --traits DNS' where "
            + "c-ares is (Debian: libc-ares-dev)"
        )
      }
      return []
    #endif
  }

  /// Where administrators reach it.
  var adminPlace: AdminOptions.Place {
    switch settings.value("admin").text {
    case "off": .off
    case let text?: SocketAddress(text).map { .at($0) } ?? .automatic
    case nil: .automatic
    }
  }

  private func adminKey() throws(SettingsFailure) -> AdminKey? {
    guard let path = settings.value("admin_key_file").text else { return nil }
    do throws(CommandFailure) {
      return AdminKey(try KeyFile.read(path))
    } catch {
      throw SettingsFailure("\(settings["admin_key_file"].origin.place): \(error.text)")
    }
  }

  // MARK: - Mistakes

  /// What only shows when all settings are looked at together is told at the place of one of them.
  private func check(_ options: RouterOptions) throws(SettingsFailure) {
    var options = options
    // It gets its address when it is started.
    if hasDemo, let demo = DemoBackend.configured(url: "http://127.0.0.1:1") {
      options.backends.append(demo)
    }
    do throws(ConfigurationError) {
      try options.validate()
    } catch { throw failure(error) }
  }

  /// A mistake of the options, at the place of the setting that made it.
  func failure(_ error: ConfigurationError) -> SettingsFailure {
    // The options' names are those of the keys.
    guard SettingTable.key(error.option) != nil, settings.isSaid(error.option) else {
      return SettingsFailure(error.description)
    }
    return SettingsFailure("\(settings[error.option].origin.place): \(error)")
  }

  /// A mistake within a setting.
  private func failure(_ path: String, _ error: DocumentError) -> SettingsFailure {
    SettingsFailure(settings[path].problem(error))
  }
}
