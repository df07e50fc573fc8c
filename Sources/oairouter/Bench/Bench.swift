import ArgumentParser
import Glibc
import OAIRBench
import OAIRMock
import OAIRouter

/// `oairouter bench`: a load generator for any server that speaks OpenAI's API.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure a server, or two of them in turn.",
    discussion: """
      Reports requests and events per second; percentiles of latency, time to first token (TTFT) \
      and time between events; errors by kind; CPU time and memory of the processes that are \
      named. With --vs two servers are measured in turn (A B A B …), so that both see the same \
      noise: against a direct run, the difference is what a router adds.

      A server is http://host:port, or 'mock' for a fake one inside this process. How to read the \
      figures: docs/PERFORMANCE.md.

      Exit codes: 0 measured, 1 no right answer at all, 2 bad usage, 3 worse than the --compare \
      record.
      """
  )

  @Argument(
    help: "The server, or 'mock'. (default: \(ServerURL.standard))",
    transform: BenchServer.parse
  )
  var server = BenchServer.url(.standard)

  @Option(help: "Another one to measure in turn with it, or 'mock'.", transform: BenchServer.parse)
  var vs: BenchServer?

  @Option(help: "Rounds. (default: 1, with --vs 3)")
  var rounds: Int?

  @OptionGroup(title: "Load") var load: BenchLoadFlags
  @OptionGroup(title: "Fake backend") var mock: BenchMockFlags

  @Option(help: "A process of the server whose CPU time and memory are reported; repeatable.")
  var pid: [Int32] = []

  @Option(help: "The same of the --vs server; repeatable.")
  var vsPid: [Int32] = []

  @Flag(help: "Print an object instead of tables.")
  var json = false

  @Option(help: "Write the figures to this file, for --compare.")
  var record: String?

  @Option(help: "Compare the figures with this record; status 3 when they are worse.")
  var compare: String?

  @Option(help: "By how many percent figures may differ from the record; p99 by twice as much.")
  var noise = 10.0

  @Flag(inversion: .prefixedNo, help: "Show how far it is. (default: on a terminal)")
  var progress: Bool?

  func validate() throws {
    guard rounds ?? 1 >= 1, rounds ?? 1 <= BenchLimits.rounds else {
      throw ValidationError("--rounds must be 1 to \(BenchLimits.rounds)")
    }
    guard noise >= 0, noise <= BenchLimits.noise else {
      throw ValidationError("--noise must be 0 to \(Int(BenchLimits.noise))")
    }
    guard vs != nil || vsPid.isEmpty else { throw ValidationError("--vs-pid needs --vs") }
  }

  func run() throws {
    let signals: SignalFD
    do {
      signals = try SignalFD([SIGTERM, SIGINT])
    } catch {
      throw CommandFailure("signals can't be taken: \(error)")
    }
    let workload = load.workload
    let problem = workload.problem(
      descriptorLimit: DescriptorLimit.raise(),
      perConnection: hasMock ? 2 : 1
    )
    if let problem {
      throw CommandFailure(problem, exitCode: CommandFailure.badUsage)
    }
    let former = try compare.map { path throws(CommandFailure) in
      try BenchRecord.read(path, for: workload, mock: recordedMock, targets: vs == nil ? 1 : 2)
    }
    let backend = try startMock(workload)
    defer { backend?.stop() }
    var targets = [try target(server, pid, backend)]
    if let vs { targets.append(try target(vs, vsPid, backend)) }
    let names = [server, vs].compactMap { $0?.description }
    let isShown = progress ?? (isatty(STDERR_FILENO) == 1)
    let runner = BenchRunner(
      workload: workload,
      mock: recordedMock,
      targets: zip(names, targets).map { ($0, $1) },
      rounds: rounds ?? (vs == nil ? 1 : 3),
      showsProgress: isShown
    )
    try finish(try runner.run(signals), former)
  }

  // MARK: - What is measured

  private var hasMock: Bool { server == .mock || vs == .mock || mock.mockListen != nil }

  /// What a record tells of the fake backend.
  private var recordedMock: BenchReport.Mock? { hasMock ? mock.recorded : nil }

  private func startMock(_ workload: Workload) throws(CommandFailure) -> MockBackend? {
    guard hasMock else { return nil }
    let models = load.model.isEmpty ? MockOptions().models : load.model
    let backend = MockBackend(
      options: mock.options(models: models, workload)
    )
    do {
      try backend.start()
    } catch {
      throw CommandFailure(
        "the fake backend can't be started: \(error)",
        exitCode: CommandFailure.badUsage
      )
    }
    return backend
  }

  private func target(
    _ server: BenchServer,
    _ processes: [Int32],
    _ backend: MockBackend?
  ) throws(CommandFailure) -> BenchTarget {
    for process in processes where ProcessUsage(of: process) == nil {
      throw CommandFailure(
        "there is no process \(process), or it may not be looked at",
        exitCode: CommandFailure.badUsage
      )
    }
    var target: BenchTarget
    switch server {
    case .mock:
      guard let backend, let address = backend.address else {
        throw CommandFailure("the fake backend isn't running")
      }
      let authority = address.port == nil ? "localhost" : "\(address)"
      target = BenchTarget(address: address, authority: authority, models: backend.options.models)
    case .url(let url):
      let address = try BlockingClient.wait("\(url)") { () async throws(CommandFailure) in
        try await url.resolved()
      }
      target = BenchTarget(
        address: address,
        authority: url.authority,
        prefix: url.prefix,
        models: try models(of: url)
      )
    }
    target.processes = processes
    target.fields = try load.fields()
    return target
  }

  /// Those that were named, else the first that the server has.
  private func models(of url: ServerURL) throws(CommandFailure) -> [String] {
    guard load.model.isEmpty, load.get == nil else {
      return load.model.isEmpty ? [""] : load.model
    }
    let response = try HTTPGet(url, credentials: try load.credentials()).fetch("/v1/models")
    guard response.status == 200, let first = Models.ids(response.body).first else {
      throw CommandFailure(
        "\(url)/v1/models answered \(response.status) and named no model: say --model NAME",
        exitCode: CommandFailure.badUsage
      )
    }
    return [first]
  }

  // MARK: - What comes of it

  private func finish(_ outcome: BenchRunner.Outcome, _ former: BenchReport?) throws {
    let report = outcome.report
    Terminal.write(json ? try BenchRecord.text(report) : ReportTable.render(report))
    guard !outcome.isInterrupted else {
      throw CommandFailure("ended by a signal; only what came before it was measured")
    }
    if let record { try BenchRecord.write(report, to: record) }
    for target in report.targets where !target.hasAnswers {
      let reason =
        target.errors > 0
        ? "gave no right answer; see the errors by kind above"
        : "gave no whole answer in the time that was measured; a longer --duration may have some"
      throw CommandFailure("\(target.url) \(reason)")
    }
    guard let former else { return }
    let comparison = Comparison(former, report, noise: noise / 100)
    let text = ReportTable.render(comparison)
    if json { Terminal.writeError(text) } else { Terminal.write("\n" + text) }
    if comparison.isRegression {
      throw CommandFailure(
        "worse than the record by more than noise; the lines above say where",
        exitCode: CommandFailure.regression
      )
    }
  }
}
