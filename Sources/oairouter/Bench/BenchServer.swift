import ArgumentParser
import OAIRBench
import OAIRMock
import OAIRouter

/// Whom `oairouter bench` asks: a server by its URL, or the fake one that it brings.
enum BenchServer: Equatable, CustomStringConvertible, Sendable {
  case url(ServerURL)
  case mock

  /// For `@Argument(transform:)`.
  static func parse(_ argument: String) throws -> BenchServer {
    argument == "mock" ? .mock : .url(try ServerURL.parse(argument))
  }

  var description: String {
    switch self {
    case .url(let url): url.description
    case .mock: "mock"
    }
  }
}

/// What a request's body is, on the command line: a size, `chat`, or `chat:SIZE`.
enum LoadBody: Equatable, CustomStringConvertible, Sendable {
  case text(Int)
  case chat(Int?)

  /// For `@Option(transform:)`.
  static func parse(_ argument: String) throws -> LoadBody {
    if argument == "chat" { return .chat(nil) }
    let isChat = argument.hasPrefix("chat:")
    guard
      let size = SizeArgument(argument: isChat ? String(argument.dropFirst(5)) : argument)?.value
    else {
      throw ValidationError("a body is a size such as 1KiB, 'chat', or 'chat:' and a size")
    }
    return isChat ? .chat(size) : .text(size)
  }

  var description: String {
    switch self {
    case .text(let size): SizeArgument(size).description
    case .chat(nil): "chat"
    case .chat(let size?): "chat:\(SizeArgument(size))"
    }
  }
}

/// The fake backend of `oairouter bench`.
struct BenchMockFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the fake backend listens, also when no target is 'mock'.",
      valueName: "address"
    ),
    transform: Self.parseAddress
  )
  var mockListen: SocketAddress?

  @Option(help: "Content tokens of its answers, as far as --max-tokens allows.")
  var mockTokens = 256

  @Option(help: "Its time to the first token. (default: 0s)", transform: DurationArgument.parse)
  var mockTtft = DurationArgument(.zero)

  @Option(help: "Its time between two tokens. (default: 0s)", transform: DurationArgument.parse)
  var mockItl = DurationArgument(.zero)

  @Option(
    help: ArgumentHelp(
      "The fault that its requests meet, as 'oairouter mock' has them.",
      valueName: "spec"
    )
  )
  var mockFault: String?

  func validate() throws {
    guard (0...BenchLimits.events).contains(mockTokens) else {
      throw ValidationError("--mock-tokens must be 0 to \(BenchLimits.events)")
    }
    _ = try fault
  }

  private var fault: MockFault? {
    get throws { try mockFault.map(Mock.parseFault) }
  }

  /// What a record tells of it.
  var recorded: BenchReport.Mock {
    BenchReport.Mock(
      tokens: mockTokens,
      timeToFirstToken: mockTtft.value / .seconds(1),
      interTokenLatency: mockItl.value / .seconds(1),
      fault: mockFault
    )
  }

  /// What it pretends to be.
  ///
  /// - Parameters:
  ///   - models: those that are asked for.
  ///   - workload: what it must be able to serve.
  func options(models: [String], _ workload: Workload) -> MockOptions {
    var options = MockOptions()
    if let mockListen { options.listen = mockListen }
    options.models = models
    options.tokens = mockTokens
    options.timeToFirstToken = mockTtft.value
    options.interTokenLatency = mockItl.value
    // `validate` has read it.
    options.fault = (try? fault) ?? nil
    options.stampsTokens = workload.hasStamps
    options.limits.connections = max(2 * workload.connections, options.limits.connections)
    return options
  }

  private static func parseAddress(_ argument: String) throws -> SocketAddress {
    guard let address = SocketAddress(argument) else {
      throw ValidationError(SocketAddress.problem(in: argument) ?? "")
    }
    return address
  }
}
