import ArgumentParser
import OAIRouter

/// The `timeouts.*` options of `serve`.
struct TimeoutArguments: ParsableArguments {
  @Option(
    name: .customLong("timeouts.head"),
    help: "A request head, from its first byte. (default: 10s)",
    transform: DurationArgument.parse
  )
  var head: DurationArgument?

  @Option(
    name: .customLong("timeouts.body-idle"),
    help: "A pause within a request body. (default: 30s)",
    transform: DurationArgument.parse
  )
  var bodyIdle: DurationArgument?

  @Option(
    name: .customLong("queue.timeout"),
    help: "A request that waits for memory or a busy backend. (default: 30s)",
    transform: DurationArgument.parse
  )
  var queue: DurationArgument?

  @Option(
    name: .customLong("timeouts.connect"),
    help: "A connection to a backend. (default: 2s)",
    transform: DurationArgument.parse
  )
  var connect: DurationArgument?

  @Option(
    name: .customLong("timeouts.first-byte"),
    help: "From the request to the first content of its answer. (default: 10m)",
    transform: DurationArgument.parse
  )
  var firstByte: DurationArgument?

  @Option(
    name: .customLong("timeouts.first-token"),
    help: "To the first content of a stream; then another backend is asked. (default: 0s, never)",
    transform: DurationArgument.parse
  )
  var firstToken: DurationArgument?

  @Option(
    name: .customLong("timeouts.idle"),
    help: "A silence of the backend after content began. (default: 5m)",
    transform: DurationArgument.parse
  )
  var idle: DurationArgument?

  @Flag(
    name: .customLong("timeouts.idle-strict"),
    help: "Comments in a stream don't count as a sign of life."
  )
  var idleStrict = false

  @Option(
    name: .customLong("timeouts.write"),
    help: "A client that takes nothing of what waits for it. (default: 1m)",
    transform: DurationArgument.parse
  )
  var write: DurationArgument?

  @Option(
    name: .customLong("timeouts.keep-alive"),
    help: "A client's idle connection. (default: 1m)",
    transform: DurationArgument.parse
  )
  var keepAlive: DurationArgument?

  @Option(
    name: .customLong("timeouts.upstream-idle"),
    help: "An idle connection to a backend. (default: 4s)",
    transform: DurationArgument.parse
  )
  var upstreamIdle: DurationArgument?

  @Option(
    name: .customLong("timeouts.tunnel-idle"),
    help: "A WebSocket through which nothing passes. (default: 5m)",
    transform: DurationArgument.parse
  )
  var tunnelIdle: DurationArgument?

  func apply(to timeouts: inout ProxyTimeouts) {
    if let head { timeouts.head = head.value }
    if let bodyIdle { timeouts.bodyIdle = bodyIdle.value }
    if let queue { timeouts.queue = queue.value }
    if let connect { timeouts.connect = connect.value }
    if let firstByte { timeouts.firstByte = firstByte.value }
    if let firstToken { timeouts.firstToken = firstToken.value }
    if let idle { timeouts.idle = idle.value }
    timeouts.idleStrict = idleStrict
    if let write { timeouts.write = write.value }
    if let keepAlive { timeouts.keepAlive = keepAlive.value }
    if let tunnelIdle { timeouts.tunnelIdle = tunnelIdle.value }
    if let upstreamIdle { timeouts.upstreamIdle = upstreamIdle.value }
  }
}

/// The `limits.*` options of `serve`.
struct LimitArguments: ParsableArguments {
  @Option(
    name: .customLong("limits.body"),
    help: "A request body. (default: 64MiB)",
    transform: SizeArgument.parse
  )
  var body: SizeArgument?

  @Option(
    name: .customLong("limits.bodies-total"),
    help: "All request bodies that are held at one time. (default: 256MiB)",
    transform: SizeArgument.parse
  )
  var bodiesTotal: SizeArgument?

  @Option(
    name: .customLong("limits.replay"),
    help: "A body up to this is held, to be sent again; a longer one streams. (default: 8MiB)",
    transform: SizeArgument.parse
  )
  var replay: SizeArgument?

  @Option(
    name: .customLong("limits.write-queue"),
    help: "Bytes that wait for a slow client before its backend is paused. (default: 64KiB)",
    transform: SizeArgument.parse
  )
  var writeQueue: SizeArgument?

  @Option(
    name: .customLong("limits.connections"),
    help: "Client connections at one time. (default: half of the descriptor limit)"
  )
  var connections: Int?

  func apply(to options: inout ProxyOptions) {
    if let body { options.limits.body = body.value }
    if let bodiesTotal { options.limits.bodiesTotal = bodiesTotal.value }
    if let replay { options.limits.replay = replay.value }
    if let writeQueue { options.limits.writeQueue = writeQueue.value }
    if let connections { options.limits.connections = connections }
  }
}

/// Which web pages may use the router.
struct BrowserArguments: ParsableArguments {
  @Option(
    name: .customLong("cors.origins"),
    help: ArgumentHelp(
      "An origin whose pages may ask, such as https://chat.example.com, or *; repeatable. Pages "
        + "of this machine always may.",
      valueName: "origin"
    )
  )
  var corsOrigins: [String] = []

  @Option(
    help: ArgumentHelp(
      "A name by which a loopback address may be called, or *; repeatable. localhost and "
        + "addresses always may.",
      valueName: "host"
    )
  )
  var allowedHosts: [String] = []

  func apply(to browsers: inout BrowserOptions) {
    browsers.corsOrigins = corsOrigins
    browsers.allowedHosts = allowedHosts
  }
}

/// The `retry.*` options of `serve`.
struct RetryArguments: ParsableArguments {
  @Option(
    name: .customLong("retry.attempts"),
    help: "Further backends that are tried before a request fails, 0 to 7. (default: 2)"
  )
  var attempts: Int?

  @Option(
    name: .customLong("retry.budget-percent"),
    help: "Retries after failing answers that a hundred requests pay for, 0 to 100. (default: 20)"
  )
  var budgetPercent: Int?

  @Flag(
    name: .customLong("retry.on-timeout"),
    help: "Ask another backend when one takes too long, although it may still be working."
  )
  var onTimeout = false

  @Flag(
    name: .customLong("retry.same-backend"),
    help: "Ask a backend again that answered 429, 500 or 503, after a pause, if it is the only one."
  )
  var sameBackend = false

  func apply(to retry: inout RetryOptions) {
    if let attempts { retry.attempts = attempts }
    if let budgetPercent { retry.budgetPercent = budgetPercent }
    retry.onTimeout = onTimeout
    retry.sameBackend = sameBackend
  }
}
