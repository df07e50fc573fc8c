import ArgumentParser
import OAIRBench
import OAIRouter
import OAIRMock

/// What load `oairouter bench` makes.
struct BenchLoadFlags: ParsableArguments {
  @Option(
    help: """
      What is sent: a size (one message of that length), 'chat' (conversations of 1 to 64 KiB with \
      escapes and code, another one each time, 'model' last), or 'chat:' and a size. (default: 1KiB)
      """,
    transform: LoadBody.parse
  )
  var body = LoadBody.text(1024)

  @Option(help: "The path that is asked.")
  var path = "/v1/chat/completions"

  @Option(help: "Send GETs to this path instead, such as /v1/models.")
  var get: String?

  @Flag(help: "Ask for streams.")
  var stream = false

  @Option(help: "The most tokens of an answer.")
  var maxTokens = 256

  @Option(name: .shortAndLong, help: "Connections at one time.")
  var connections = 16

  @Option(
    help: """
      Open loop: so many requests per second in all, whatever becomes of them; times count from \
      the moment at which a request is due. (default: closed loop, as fast as answers come)
      """
  )
  var rate: Double?

  @Option(help: "How long is measured, in each round. (default: 10s)", transform: parseDuration)
  var duration = DurationArgument(.seconds(10))

  @Option(help: "How long it runs before that. (default: 1s)", transform: parseDuration)
  var warmUp = DurationArgument(.seconds(1))

  @Option(help: "Time over which the connections begin. (default: 0s)", transform: parseDuration)
  var ramp = DurationArgument(.zero)

  @Flag(
    help: """
      A new connection for each request, closed at a stream's end marker, as OpenAI's Python \
      client does it.
      """
  )
  var churn = false

  @Option(
    help: "Slow readers: bytes that each reads per second.",
    transform: SizeArgument.parse
  )
  var readRate: SizeArgument?

  @Option(help: "How many connections are slow readers. (default: all, with --read-rate)")
  var slowReaders: Int?

  @Option(help: "Events of data that each stream has, its end marker included.")
  var expectEvents: Int?

  @Flag(
    help: """
      The events of streams say when they were sent, as those of 'oairouter mock --stamps' on this \
      machine do: report how long they were on their way.
      """
  )
  var stamps = false

  @Option(help: "How long one request may take. (default: 60s)", transform: parseDuration)
  var timeout = DurationArgument(.seconds(60))

  @Option(help: "A further field of each request, as 'Name: value'; may be repeated.")
  var header: [String] = []

  @Option(help: "A file with the key that goes into Authorization.")
  var keyFile: String?

  @Option(
    help: "A model to ask for; may be repeated, in turn. (default: the first that the server lists)"
  )
  var model: [String] = []

  private static func parseDuration(_ argument: String) throws -> DurationArgument {
    try DurationArgument.parse(argument)
  }

  func validate() throws {
    guard !model.contains("") else { throw ValidationError("--model must not be empty") }
    for field in header where !Self.isField(field) {
      throw ValidationError("--header is 'Name: value'")
    }
  }

  private static func isField(_ text: String) -> Bool {
    guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else { return false }
    return text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
      && text[..<colon].utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// The load, not checked yet.
  var workload: Workload {
    var workload = Workload()
    workload.path = get ?? path
    switch body {
    case .text(let bytes): workload.body = .text(bytes: bytes)
    case .chat(let bytes): workload.body = .chat(bytes: bytes)
    }
    if get != nil { workload.body = .none }
    workload.isStreaming = stream
    workload.maxTokens = maxTokens
    workload.connections = connections
    workload.rate = rate
    workload.seconds = duration.value / .seconds(1)
    workload.warmUpSeconds = warmUp.value / .seconds(1)
    workload.rampSeconds = ramp.value / .seconds(1)
    workload.isChurning = churn
    workload.readRate = readRate?.value
    workload.slowReaders = slowReaders
    workload.expectedEvents = expectEvents
    workload.hasStamps = stamps
    workload.timeoutSeconds = timeout.value / .seconds(1)
    return workload
  }

  /// The same for the question which models there are.
  func credentials() throws(CommandFailure) -> BackendCredentials {
    var credentials = BackendCredentials()
    for field in try fields() {
      let parts = field.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { continue }
      credentials.headers[parts[0]] = String(parts[1].drop { $0 == " " })
    }
    // What a listing can't be sent, such as a second Host, it does without.
    return credentials.problem == nil ? credentials : BackendCredentials()
  }

  /// The fields that go into each request.
  func fields() throws(CommandFailure) -> [String] {
    guard let keyFile else { return header }
    let field = "Authorization: Bearer \(try KeyFile.secret(keyFile))"
    guard Self.isField(field) else {
      throw CommandFailure(
        "the key in \(keyFile) has control characters",
        exitCode: CommandFailure.badUsage
      )
    }
    return header + [field]
  }
}
