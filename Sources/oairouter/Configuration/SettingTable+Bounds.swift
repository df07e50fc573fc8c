import OAIRouter

// Timeouts, limits, who may come, what is written.

extension SettingTable {
  static let waiting: [SettingKey] = [
    SettingKey("timeouts.head", .someTime, "10s", "A request head, from its first byte.")
      .into(\.proxy.timeouts.head),
    SettingKey("timeouts.body_idle", .someTime, "30s", "A pause within a request body.")
      .into(\.proxy.timeouts.bodyIdle),
    SettingKey("timeouts.connect", .someTime, "2s", "A connection to a backend.")
      .into(\.proxy.timeouts.connect),
    SettingKey(
      "timeouts.first_byte",
      .someTime,
      "600s",
      "From the request to the first content of its answer."
    ).into(\.proxy.timeouts.firstByte),
    SettingKey(
      "timeouts.first_token",
      .anyTime,
      "0s",
      "To the first content of a stream; then another backend is asked. 0s: never."
    ).into(\.proxy.timeouts.firstToken),
    SettingKey(
      "timeouts.idle",
      .someTime,
      "300s",
      "A silence of the backend after content began."
    ).into(\.proxy.timeouts.idle),
    SettingKey(
      "timeouts.idle_strict",
      .boolean,
      "false",
      "Comments in a stream don't count as a sign of life."
    ).into(\.proxy.timeouts.idleStrict),
    SettingKey(
      "timeouts.write",
      .someTime,
      "60s",
      "A client that takes nothing of what waits for it."
    ).into(\.proxy.timeouts.write),
    SettingKey("timeouts.keep_alive", .someTime, "60s", "A client's idle connection.")
      .into(\.proxy.timeouts.keepAlive),
    SettingKey("timeouts.upstream_idle", .someTime, "4s", "An idle connection to a backend.")
      .into(\.proxy.timeouts.upstreamIdle),
    SettingKey(
      "timeouts.tunnel_idle",
      .someTime,
      "300s",
      "A WebSocket through which nothing passes."
    ).into(\.proxy.timeouts.tunnelIdle),
    SettingKey(
      "timeouts.drain",
      .anyTime,
      "30s",
      "How long running streams may go on after SIGTERM."
    ).alsoFlag("drain-timeout").into(\.proxy.timeouts.drain),
    SettingKey(
      "half_close",
      .word(HalfClose.allCases.map(\.rawValue)),
      "abort",
      "A FIN behind a request: abort (its client has left) or finish (it waits)."
    ).applying { options, value in
      guard let meaning = value.text.flatMap({ HalfClose(rawValue: $0) }) else { return }
      options.proxy.halfClose = meaning
    },
    SettingKey(
      "drain_delay",
      .anyTime,
      "0s",
      "How long /readyz says 503 before the listener closes."
    ).into(\.proxy.timeouts.drainDelay),
  ]

  static let bounds: [SettingKey] = [
    SettingKey("limits.head", .size(1024...(16 << 20)), "64KiB", "A request's or response's head.")
      .needingRestart.into(\.proxy.limits.head),
    SettingKey("limits.fields", .integer(1...10_000), "100", "Fields of a head.")
      .needingRestart.into(\.proxy.limits.fields),
    SettingKey("limits.request_line", .size(1024...(16 << 20)), "16KiB", "A request line.")
      .needingRestart.into(\.proxy.limits.requestLine),
    SettingKey("limits.body", .someBytes, "64MiB", "A request body.")
      .needingRestart.into(\.proxy.limits.body),
    SettingKey(
      "limits.bodies_total",
      .someBytes,
      "256MiB",
      "All request bodies that are held at one time."
    ).needingRestart.into(\.proxy.limits.bodiesTotal),
    SettingKey(
      "limits.replay",
      .someBytes,
      "8MiB",
      "A body up to this is held, to be sent again; a longer one streams."
    ).needingRestart.into(\.proxy.limits.replay),
    SettingKey(
      "limits.write_queue",
      .someBytes,
      "64KiB",
      "Bytes that wait for a slow client before its backend is paused."
    ).into(\.proxy.limits.writeQueue),
    SettingKey(
      "limits.connections",
      .wordOr(["auto"], .integer(1...10_000_000)),
      "auto",
      "Client connections at one time; auto: half of the descriptor limit."
    ).needingRestart.applying { options, value in
      options.proxy.limits.connections = value.integer
    },
  ]

  static let access: [SettingKey] = [
    SettingKey(
      "keys",
      .list(SettingRecord.clientKey),
      "[]",
      "Keys of which clients must show one, such as "
        + #"[{"id":"team-a","key_file":"/run/secrets/team-a","models":["*"]}]."#
    ),
    SettingKey(
      "cors.origins",
      .list(.anyText),
      "[]",
      "Origins whose pages may ask, such as https://chat.example.com, or *. Pages of this machine "
        + "always may."
    ).into(\.proxy.browsers.corsOrigins),
    SettingKey(
      "allowed_hosts",
      .list(.anyText),
      "[]",
      "Names by which a loopback address may be called, or *. localhost and addresses always may."
    ).into(\.proxy.browsers.allowedHosts),
    SettingKey(
      "log.format",
      .word(["auto", "text", "json"]),
      "auto",
      "How lines look; auto: text."
    ).needingRestart.alsoFlag("log-format"),
    SettingKey(
      "log.level",
      .word(LogLevel.allCases.map(\.rawValue)),
      "info",
      "The least severe events that are logged."
    ).alsoFlag("log-level"),
    SettingKey("log.access", .boolean, "true", "Whether each request has a line.").needingRestart,
    SettingKey("metrics.enabled", .boolean, "true", "Whether there is /metrics.")
      .needingRestart,
  ]

  private static let noTLS =
    "TLS isn't built in; serve plain HTTP, and let a proxy in front of it end TLS"

  static let transport: [SettingKey] = [
    SettingKey("tls.certificate", .optional(.anyText), "null", "A file with the certificate.")
      .needingRestart.notBuilt(noTLS),
    SettingKey("tls.key", .optional(.anyText), "null", "A file with the certificate's key.")
      .needingRestart.notBuilt(noTLS),
    SettingKey("tls.upstream_ca", .anyText, "system", "Who signs backends' certificates.")
      .needingRestart.notBuilt("TLS to backends isn't built in; name them by http://"),
  ]
}
