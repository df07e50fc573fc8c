import OAIRouter

/// Every key of the configuration: what the file, the environment and the flags are read by, what
/// `oairouter check` shows, and what the schema and "did you mean" are made of.
///
/// In the order of docs/oairouter.example.yaml. A new key is a row here and a line there.
enum SettingTable {
  static let keys: [SettingKey] =
    listening + sources + choosing + waiting + bounds + access + transport

  /// A key by its path.
  static func key(_ path: String) -> SettingKey? { byPath[path] }

  private static let byPath = Dictionary(uniqueKeysWithValues: keys.map { ($0.path, $0) })

  // MARK: - Rows

  private static let listening: [SettingKey] = [
    SettingKey(
      "listen",
      .list(.address),
      "[127.0.0.1:11434]",
      "Addresses to serve on: host:port, [v6]:port or unix:/path."
    ).needingRestart,
    SettingKey(
      "admin",
      .wordOr(["auto", "off"], .address),
      "auto",
      "Where administrators reach it: auto (a unix socket in $RUNTIME_DIRECTORY or "
        + "$XDG_RUNTIME_DIR/oairouter), an address of its own, or off."
    ).needingRestart,
    SettingKey(
      "admin_key_file",
      .optional(.anyText),
      "null",
      "A file with the key that administrators must show; needed for an address that isn't a unix "
        + "socket."
    ),
    SettingKey(
      "workers",
      .integer(1...RouterOptions.mostWorkers),
      "1",
      "Reactors, each with a thread of its own."
    ).needingRestart.into(\.workers),
    SettingKey(
      "spin",
      .duration(.zero...RouterOptions.longestSpin),
      "0us",
      "How long a reactor polls after its last event before it sleeps; costs processor time."
    ).needingRestart.into(\.spin),
  ]

  private static let sources: [SettingKey] = [
    SettingKey("backends", .list(SettingRecord.backend), "[]", "Inference servers.")
      .alsoFlag("backend"),
    SettingKey(
      "discovery.docker.enabled",
      .toggle,
      "auto",
      "Whether containers are looked at; auto: when no backend is named and there is an engine."
    ).needingRestart,
    SettingKey(
      "discovery.docker.host",
      .optional(.containerEngine),
      "null",
      "The container engine; null: DOCKER_HOST, else the socket of Docker or Podman."
    ).needingRestart,
    SettingKey(
      "discovery.docker.label_prefix",
      .anyText,
      "oairouter.",
      "What the labels of containers begin with."
    ).needingRestart,
    SettingKey(
      "discovery.docker.images",
      .toggle,
      "on",
      "Whether containers of known images are backends without a label."
    ).needingRestart,
    SettingKey(
      "discovery.docker.image_rules",
      .list(SettingRecord.imageRule),
      "[]",
      "Further images, such as "
        + #"[{"image":"registry.local/my-llm*","type":"generic","port":8080}]."#
    ).needingRestart,
    SettingKey(
      "discovery.docker.allow",
      .list(.addressRange),
      "[]",
      "Addresses that containers may have, such as 172.16.0.0/12; none named: any."
    ).needingRestart,
    SettingKey(
      "discovery.file.path",
      .optional(.anyText),
      "null",
      "A watched YAML or JSON list of backends; each new version takes effect at once."
    ).needingRestart,
    SettingKey(
      "discovery.dns",
      .list(SettingRecord.dnsName),
      "[]",
      "Names whose records tell where backends are, such as "
        + #"[{"name":"vllm.models.svc","record":"a","port":8000}]."#
    ).needingRestart,
    SettingKey(
      "discovery.local_ports",
      .toggle,
      "auto",
      "Whether servers are looked for at the usual ports of this machine; auto: when no backend is "
        + "named."
    ).needingRestart,
  ]

  private static let choosing: [SettingKey] = [
    SettingKey(
      "default_backend",
      .optional(.anyText),
      "null",
      "The backend that takes requests for unknown models, and those without one."
    ).applying { options, value in options.defaultBackend = value.text },
    SettingKey(
      "aliases",
      .map(.anyText),
      "{}",
      "Names that clients ask for, and the models that are served for them, such as "
        + #"{"gpt-4o":"llama3.2"}."#
    ).applying { options, value in
      let pairs = value.members.map { ($0.name, $0.value.text ?? "") }
      options.rewrites.aliases = Dictionary(uniqueKeysWithValues: pairs)
    },
    SettingKey(
      "fallbacks",
      .map(.list(.anyText)),
      "{}",
      "Models that are asked when another one's backends are spent, such as "
        + #"{"big":["small","tiny"]}."#
    ).applying { options, value in
      let pairs = value.members.map { ($0.name, $0.value.elements.compactMap(\.text)) }
      options.rewrites.fallbacks = Dictionary(uniqueKeysWithValues: pairs)
    },
    SettingKey(
      "balance",
      .word(BalancingPolicy.builtIn.map(\.description)),
      "least_in_flight",
      "Which of several equal backends."
    ).applying { options, value in
      guard let policy = value.text.flatMap({ BalancingPolicy($0) }) else { return }
      options.proxy.selection.balance = policy
    },
    SettingKey(
      "session_affinity.enabled",
      .boolean,
      "false",
      "Requests of one session go to one backend, as long as it is there."
    ),
    SettingKey(
      "session_affinity.header",
      .anyText,
      SelectionOptions.defaultSessionHeader,
      "The field that names a request's session."
    ),
    SettingKey(
      "retry.attempts",
      .integer(0...7),
      "2",
      "Further backends that are tried before a request fails."
    ).into(\.proxy.retry.attempts),
    SettingKey(
      "retry.same_backend",
      .boolean,
      "false",
      "Ask a backend again that answered 429, 500 or 503, after a pause, if it is the only one."
    ).into(\.proxy.retry.sameBackend),
    SettingKey(
      "retry.on_timeout",
      .boolean,
      "false",
      "Ask another backend when one takes too long, although it may still be working."
    ).into(\.proxy.retry.onTimeout),
    SettingKey(
      "retry.budget_percent",
      .integer(0...100),
      "20",
      "Retries after failing answers that a hundred requests pay for."
    ).into(\.proxy.retry.budgetPercent),
    SettingKey(
      "queue.max",
      .integer(0...SelectionOptions.greatestQueue),
      "256",
      "Requests that may wait for a busy backend."
    ).into(\.proxy.selection.queue),
    SettingKey(
      "queue.timeout",
      .someTime,
      "30s",
      "A request that waits for memory or a busy backend."
    ).into(\.proxy.timeouts.queue),
    SettingKey(
      "health.interval",
      .duration(.milliseconds(100)...Duration.seconds(3600)),
      "5s",
      "Time between probes of a backend."
    ).alsoFlag("health-interval"),
    SettingKey(
      "health.timeout",
      .duration(.milliseconds(1)...Duration.seconds(60)),
      "2s",
      "How long a probe may take."
    ),
    SettingKey(
      "health.failures",
      .integer(1...100),
      "2",
      "Probes in a row that must fail before it counts; refusals count at once."
    ),
    SettingKey(
      "health.successes",
      .integer(1...100),
      "1",
      "Probes in a row that must succeed before a backend is taken back."
    ),
  ]
}
