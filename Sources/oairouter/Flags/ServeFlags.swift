import ArgumentParser

// The flags of the settings, in the groups that `--help` shows. What they mean, what they may be
// and what they are without being said stands in `SettingTable`.

/// The flags of `serve` and `check`: one for each key of the table.
struct ServeFlags: ParsableArguments {
  @Option(settings: "listen") var listen: [SettingFlag]
  @Option(settings: "backends") var backend: [SettingFlag]
  @Option(setting: "default_backend") var defaultBackend: SettingFlag?
  @Option(setting: "half_close") var halfClose: SettingFlag?
  @Option(setting: "workers") var workers: SettingFlag?
  @Option(setting: "spin") var spin: SettingFlag?

  @OptionGroup(title: "Models") var models: ModelFlags
  @OptionGroup(title: "Discovery") var search: SearchFlags
  @OptionGroup(title: "Lists of backends") var lists: ListFlags
  @OptionGroup(title: "Timeouts") var timeouts: TimeoutFlags
  @OptionGroup(title: "Choosing a backend") var selection: SelectionFlags
  @OptionGroup(title: "Limits") var limits: LimitFlags
  @OptionGroup(title: "Retries") var retries: RetryFlags
  @OptionGroup(title: "Health") var health: HealthFlags
  @OptionGroup(title: "Clients") var clients: ClientFlags
  @OptionGroup(title: "Logs and metrics") var log: LogFlags
  @OptionGroup(title: "Administration") var administration: AdminFlags
  @OptionGroup(title: "TLS") var tls: TLSFlags
}

/// Models that stand for others.
struct ModelFlags: ParsableArguments {
  @Option(setting: "aliases") var aliases: SettingFlag?
  @Option(setting: "fallbacks") var fallbacks: SettingFlag?
}

/// Where servers are looked for that nobody has named.
struct SearchFlags: ParsableArguments {
  @Option(setting: "discovery.docker.enabled") var dockerEnabled: SettingFlag?
  @Option(setting: "discovery.docker.host") var dockerHost: SettingFlag?
  @Option(setting: "discovery.docker.label_prefix") var labelPrefix: SettingFlag?
  @Option(setting: "discovery.docker.images") var images: SettingFlag?
  @Option(settings: "discovery.docker.image_rules") var imageRules: [SettingFlag]
  @Option(settings: "discovery.docker.allow") var allow: [SettingFlag]
  @Option(setting: "discovery.local_ports") var localPorts: SettingFlag?
}

/// Who tells of backends.
struct ListFlags: ParsableArguments {
  @Option(setting: "discovery.file.path") var filePath: SettingFlag?
  @Option(settings: "discovery.dns") var dns: [SettingFlag]
}

/// How a backend is chosen, and who may wait for one.
struct SelectionFlags: ParsableArguments {
  @Option(setting: "balance") var balance: SettingFlag?
  @Option(setting: "session_affinity.enabled") var isSessionAffinityEnabled: SettingFlag?
  @Option(setting: "session_affinity.header") var sessionHeader: SettingFlag?
  @Option(setting: "queue.max") var queue: SettingFlag?
  @Option(setting: "queue.timeout") var queueTimeout: SettingFlag?
}

struct RetryFlags: ParsableArguments {
  @Option(setting: "retry.attempts") var attempts: SettingFlag?
  @Option(setting: "retry.same_backend") var sameBackend: SettingFlag?
  @Option(setting: "retry.on_timeout") var onTimeout: SettingFlag?
  @Option(setting: "retry.budget_percent") var budgetPercent: SettingFlag?
}

struct HealthFlags: ParsableArguments {
  @Option(setting: "health.interval") var interval: SettingFlag?
  @Option(setting: "health.timeout") var timeout: SettingFlag?
  @Option(setting: "health.failures") var failures: SettingFlag?
  @Option(setting: "health.successes") var successes: SettingFlag?
}

struct TimeoutFlags: ParsableArguments {
  @Option(setting: "timeouts.head") var head: SettingFlag?
  @Option(setting: "timeouts.body_idle") var bodyIdle: SettingFlag?
  @Option(setting: "timeouts.connect") var connect: SettingFlag?
  @Option(setting: "timeouts.first_byte") var firstByte: SettingFlag?
  @Option(setting: "timeouts.first_token") var firstToken: SettingFlag?
  @Option(setting: "timeouts.idle") var idle: SettingFlag?
  @Option(setting: "timeouts.idle_strict") var idleStrict: SettingFlag?
  @Option(setting: "timeouts.write") var write: SettingFlag?
  @Option(setting: "timeouts.keep_alive") var keepAlive: SettingFlag?
  @Option(setting: "timeouts.upstream_idle") var upstreamIdle: SettingFlag?
  @Option(setting: "timeouts.tunnel_idle") var tunnelIdle: SettingFlag?
  @Option(setting: "timeouts.drain") var drain: SettingFlag?
  @Option(setting: "drain_delay") var drainDelay: SettingFlag?
}

struct LimitFlags: ParsableArguments {
  @Option(setting: "limits.head") var head: SettingFlag?
  @Option(setting: "limits.fields") var fields: SettingFlag?
  @Option(setting: "limits.request_line") var requestLine: SettingFlag?
  @Option(setting: "limits.body") var body: SettingFlag?
  @Option(setting: "limits.bodies_total") var bodiesTotal: SettingFlag?
  @Option(setting: "limits.replay") var replay: SettingFlag?
  @Option(setting: "limits.write_queue") var writeQueue: SettingFlag?
  @Option(setting: "limits.connections") var connections: SettingFlag?
}

/// Who may use the router.
struct ClientFlags: ParsableArguments {
  @Option(settings: "keys") var keys: [SettingFlag]
  @Option(settings: "cors.origins") var corsOrigins: [SettingFlag]
  @Option(settings: "allowed_hosts") var allowedHosts: [SettingFlag]
}

/// What it tells.
struct LogFlags: ParsableArguments {
  @Option(setting: "log.format") var format: SettingFlag?
  @Option(setting: "log.level") var level: SettingFlag?
  @Option(setting: "log.access") var access: SettingFlag?
  @Option(setting: "metrics.enabled") var metrics: SettingFlag?
}

/// Where a router's administrators reach it.
struct AdminFlags: ParsableArguments {
  @Option(setting: "admin") var admin: SettingFlag?
  @Option(setting: "admin_key_file") var adminKeyFile: SettingFlag?
}

struct TLSFlags: ParsableArguments {
  @Option(setting: "tls.certificate") var certificate: SettingFlag?
  @Option(setting: "tls.key") var key: SettingFlag?
  @Option(setting: "tls.upstream_ca") var upstreamCA: SettingFlag?
}

/// `--demo`.
struct DemoFlag: ParsableArguments {
  @Flag(help: "Serve the built-in model 'demo'.")
  var demo = false
}

/// Which file the settings are in.
struct FileFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A YAML or JSON file of settings; variables of the environment (OAIROUTER_…) come before it, "
        + "flags before both.",
      valueName: "file"
    )
  )
  var config: String?

  /// Where the settings of a command come from.
  ///
  /// - Parameter command: the whole of it, whose flags are looked for.
  func source(of command: Any) -> ConfigurationSource {
    source(flags: SettingFlag.all(in: command))
  }

  /// The same, of flags that were read already.
  ///
  /// - Parameter flags: what they say, by the paths of their keys.
  func source(flags: [String: [String]]) -> ConfigurationSource {
    ConfigurationSource(
      file: config,
      flags: flags,
      environment: ConfigurationSource.processEnvironment
    )
  }
}
