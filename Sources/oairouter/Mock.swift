import ArgumentParser
import Glibc
import OAIRMock
import OAIRouter

/// `oairouter mock`: a fake inference server, to try a router out without a GPU.
struct Mock: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mock",
    abstract: "Run a fake inference server.",
    discussion: """
      It speaks the paths that the chosen engine serves, with the engine's manners, and runs until \
      SIGTERM, on which it ends as the engine does, or SIGINT. /mock/statistics tells what it saw.

      A fault is one kind with any modifiers, separated by commas:
        status=CODE          an error status
        reset                RST when the request is complete
        reset-before-head    RST when the answer is due
        eof-before-head      FIN when the answer is due
        no-response          silence
        slow-head=DURATION   the head comes later
        cut-after=N          RST behind N content tokens
        eof-after=N          FIN behind them, without an end marker
        stall-after=N        silence behind them
        error-after=N        an error event behind them
        no-end-marker        a stream ends in order, but without its end marker
        no-terminator        all but the terminating chunk, then FIN
        short-body=N         N bytes less than Content-Length says, then FIN
        surplus=N            N bytes behind the answer
        die[=DURATION]       RST on every connection and a closed port, for good or for so long
        retry-after=SECONDS  beside status: adds the field
        rate=SHARE           for that share of the requests, 0 to 1
        times=N              for the first N requests only
        on=WHAT              inference (the default), models, health, all, or a path
        unit=UNIT            what N of -after counts: tokens (the default), events, bytes
      A request's X-Mock-Fault field does the same for that request alone.
      """
  )

  @Option(
    help: "Address to listen on; port 0 takes any free one. (default: 127.0.0.1:0)",
    transform: Self.parseAddress
  )
  var listen = SocketAddress.loopback(port: 0)

  @Option(
    help: "The engine it passes for: openai, vllm, llamacpp or ollama. (default: openai)",
    transform: Self.parsePersonality
  )
  var personality = MockPersonality.openai

  @Option(help: "A model that it serves; may be repeated. (default: mock-model)")
  var model: [String] = []

  @Option(help: "Content tokens of an answer; a request's max_tokens is honoured if smaller.")
  var tokens = 16

  @Option(help: "Time to the first token. (default: 0s)", transform: DurationArgument.parse)
  var ttft = DurationArgument(.zero)

  @Option(help: "Time between two tokens. (default: 0s)", transform: DurationArgument.parse)
  var itl = DurationArgument(.zero)

  @Option(
    help: ArgumentHelp("The fault that requests meet; see above.", valueName: "spec"),
    transform: Self.parseFault
  )
  var fault: MockFault?

  @Option(
    help: "How long an idle connection is kept. (default: what the engine does)",
    transform: DurationArgument.parse
  )
  var keepAlive: DurationArgument?

  @Option(
    help: """
      How long it loads: vllm's port is closed meanwhile, llamacpp answers 503, ollama loads each \
      model inside its first request. (default: 0s)
      """,
    transform: DurationArgument.parse
  )
  var loadTime = DurationArgument(.zero)

  @Option(help: "Requests that generate at one time; the others wait. (default: no bound)")
  var slots: Int?

  @Option(help: "Requests that may wait for a slot; more are answered 503. (default: no bound)")
  var queue: Int?

  @Option(
    help: "The largest request body. (default: \(SizeArgument(MockLimits().body)))",
    transform: SizeArgument.parse
  )
  var maxBody = SizeArgument(MockLimits().body)

  @Option(help: "Connections at one time.")
  var maxConnections = MockLimits().connections

  @Flag(
    help: "Make each token of a stream the moment at which it is sent, for 'bench --stamps'."
  )
  var stamps = false

  @Flag(help: "Use constant ids and times, so that equal requests get equal bytes.")
  var reproducible = false

  @Option(help: "Seed of ids and of a fault's rate.")
  var seed: UInt64 = 1

  func validate() throws {
    guard tokens >= 0 else { throw ValidationError("--tokens must be 0 or more") }
    guard maxConnections >= 1 else { throw ValidationError("--max-connections must be 1 or more") }
    guard slots ?? 1 >= 1 else { throw ValidationError("--slots must be 1 or more") }
    guard queue ?? 0 >= 0 else { throw ValidationError("--queue must be 0 or more") }
    guard !model.contains("") else { throw ValidationError("--model must not be empty") }
  }

  func run() throws {
    let signals: SignalFD
    do {
      signals = try SignalFD([SIGTERM, SIGINT])
    } catch {
      throw CommandFailure("signals can't be taken: \(error)")
    }
    let backend = MockBackend(options: options)
    let address = try start(backend)
    let isNetwork = address.port != nil
    let wait = backend.isPortClosedAtFirst ? "loading; in \(loadTime) " : ""
    Terminal.write("\(wait)listening on \(isNetwork ? "http://" : "")\(address)\n")
    var isAskedToEnd = false
    while !backend.waitForEnd(unlessReadable: signals.descriptor) {
      let signal = signals.next()
      // As the engine ends; whoever says it twice, or presses Ctrl-C, doesn't wait.
      guard signal == SIGTERM, !isAskedToEnd else { return backend.stop() }
      isAskedToEnd = true
      backend.terminate()
    }
    backend.stop()
    if !isAskedToEnd { throw CommandFailure("the fake engine died of a request (fault 'die')") }
  }

  private func start(_ backend: MockBackend) throws(CommandFailure) -> SocketAddress {
    do {
      return try backend.start()
    } catch {
      let hint =
        switch error.errno {
        case .addressInUse: "; somebody else listens there: choose another port, or 0"
        case .accessDenied: "; ports below 1024 need a privilege: choose another port, or 0"
        case .tooManyOpenFiles: "; raise the limit with 'ulimit -n'"
        default: ""
        }
      throw CommandFailure(
        "can't listen on \(listen): \(error)\(hint)",
        exitCode: CommandFailure.badUsage
      )
    }
  }

  private var options: MockOptions {
    var options = MockOptions()
    options.listen = listen
    options.personality = personality
    if !model.isEmpty { options.models = model }
    options.tokens = tokens
    options.timeToFirstToken = ttft.value
    options.interTokenLatency = itl.value
    options.fault = fault
    options.stampsTokens = stamps
    options.keepAlive = keepAlive?.value
    options.loadTime = loadTime.value
    options.slots = slots
    options.queueLimit = queue ?? .max
    options.limits.body = maxBody.value
    options.limits.connections = maxConnections
    options.isReproducible = reproducible
    options.seed = seed
    return options
  }

  private static func parseAddress(_ argument: String) throws -> SocketAddress {
    guard let address = SocketAddress(argument) else {
      throw ValidationError(SocketAddress.problem(in: argument) ?? "")
    }
    return address
  }

  private static func parsePersonality(_ argument: String) throws -> MockPersonality {
    guard let personality = MockPersonality(rawValue: argument) else {
      let names = MockPersonality.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("known are \(names)")
    }
    return personality
  }

  /// For `@Option(transform:)`.
  static func parseFault(_ argument: String) throws -> MockFault {
    do {
      return try MockFault(argument)
    } catch {
      throw ValidationError(error.description)
    }
  }
}
