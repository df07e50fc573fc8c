import OAIRAdmin
import OAIRDiscovery
import OAIRProxy
import OAIRRouting

/// Those of a router's options that may change while it runs.
struct LiveOptions: Sendable, Equatable {
  let backends: [ConfiguredBackend]
  let defaultBackend: String?
  let rewrites: ModelRewrites
  let proxy: ProxyOptions
  let health: HealthPolicy
  let adminKey: AdminKey?

  init(_ options: RouterOptions) {
    backends = options.backends
    defaultBackend = options.defaultBackend
    rewrites = options.rewrites
    proxy = options.proxy
    health = options.health
    adminKey = options.admin.key
  }
}

extension RouterOptions {
  /// These options, with what may change while a router runs as another one's.
  ///
  /// That is `backends`, `defaultBackend`, `rewrites`, `health`, `admin.key`, and `proxy` but for
  /// its `limits`, of which only `writeQueue` may.
  ///
  /// - Parameter newer: what is wanted.
  public func adopting(_ newer: RouterOptions) -> RouterOptions {
    var adopted = self
    adopted.backends = newer.backends
    adopted.defaultBackend = newer.defaultBackend
    adopted.rewrites = newer.rewrites
    adopted.health = newer.health
    adopted.admin.key = newer.admin.key
    adopted.proxy = proxy.adopting(newer.proxy)
    return adopted
  }

  /// True when a running router would go on in the same way with another one's.
  ///
  /// - Parameter newer: what is wanted.
  public func isSame(live newer: RouterOptions) -> Bool {
    LiveOptions(self) == LiveOptions(adopting(newer))
  }

  /// What the data plane goes by.
  ///
  /// - Parameter numbers: where keys have their numbers.
  /// - Throws: `ConfigurationError` when there is no number left for a key.
  func proxyOptions(_ numbers: KeyNumbers) throws(ConfigurationError) -> ProxyOptions {
    var proxy = proxy
    guard let keys = numbers.number(proxy.keys) else {
      throw ConfigurationError(
        "keys",
        "have had more than \(KeyNumbers.most) different ids since the router started; restart it"
      )
    }
    proxy.keys = keys
    proxy.bytesReport = .nanoseconds(Int64(health.bytesReportInterval))
    return proxy
  }
}
