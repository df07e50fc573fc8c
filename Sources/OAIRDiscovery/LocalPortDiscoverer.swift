import OAIRRouting
public import OAIRSys

/// Finds inference servers on this machine's loopback, at the ports where they usually listen.
///
/// What it finds says `Backend.Source.portScan`: nobody has named it, so it isn't handed the
/// clients' credentials. Never this router, nor another one: they would ask each other in circles.
public struct LocalPortDiscoverer: Discoverer {
  /// Ollama, vLLM, llama.cpp, SGLang, LM Studio.
  public static let usualPorts: [UInt16] = [11434, 8000, 8080, 30000, 1234]

  /// Its name in logs.
  public let name: String
  private let ports: [UInt16]
  private let own: OwnListeners
  private let interval: Duration

  /// Makes a discoverer.
  ///
  /// - Parameters:
  ///   - ports: of 127.0.0.1.
  ///   - own: where this router listens: not looked at.
  ///   - interval: time between two looks at a port where nothing was found; one where something
  ///     was found is looked at more rarely.
  ///   - name: its name in logs, unique among the discoverers of a control plane.
  public init(
    ports: [UInt16] = Self.usualPorts,
    own: [SocketAddress] = [],
    interval: Duration = DiscoveryLimits.portScanInterval,
    name: String = "ports"
  ) {
    self.ports = ports
    self.own = OwnListeners(own)
    self.interval = interval
    self.name = name
  }

  /// The servers, as they come and go.
  ///
  /// - Parameter client: carries the requests; running.
  public func changes(using client: ControlClient) -> AsyncStream<DiscoveryChange> {
    let (stream, continuation) = AsyncStream.makeStream(of: DiscoveryChange.self)
    let task = Task.detached {
      let list = ports.map { "\($0)" }.joined(separator: " ")
      continuation.yield(.watching("ports of 127.0.0.1: \(list)"))
      var watches = ports.map { PortWatch($0, isOwn: own.contains(.loopback(port: $0))) }
      var round = 0
      repeat {
        await look(at: &watches, round, client, continuation)
        if round == 0 { continuation.yield(.listed) }
        round += 1
      } while (try? await Task.sleep(for: interval)) != nil
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  private func look(
    at watches: inout [PortWatch],
    _ round: Int,
    _ client: ControlClient,
    _ continuation: AsyncStream<DiscoveryChange>.Continuation
  ) async {
    let due = watches.indices.filter { watches[$0].isDue(in: round) }
    let findings = await withTaskGroup(of: (Int, PortWatch.Finding).self) { group in
      for index in due where !watches[index].isOwn {
        let address = watches[index].address
        group.addTask { (index, await PortWatch.look(at: address, client)) }
      }
      return await group.reduce(into: [Int: PortWatch.Finding]()) { $0[$1.0] = $1.1 }
    }
    for index in due {
      for change in watches[index].take(findings[index] ?? .unknown) { continuation.yield(change) }
    }
  }
}

/// What is known of one port.
struct PortWatch {
  /// What a look brought.
  enum Finding: Equatable, Sendable {
    case server(Backend.Kind)
    /// Nobody listens.
    case nobody
    /// Somebody listens who is no backend; the reason in plain words.
    case other(String)
    /// Nothing can be said.
    case unknown
  }

  /// Looks that must fail before what was found is gone.
  private static let failures = 2
  /// Rounds between two looks at what was found: its health is watched anyway.
  private static let roundsWhenFound = 15

  let address: SocketAddress
  /// Never asked: this router would answer.
  let isOwn: Bool
  private var found: Backend.Kind?
  private var failed = 0
  private var toldReason: String?

  init(_ port: UInt16, isOwn: Bool) {
    address = .loopback(port: port)
    self.isOwn = isOwn
  }

  private var id: String { "local-\(address.port ?? 0)" }

  func isDue(in round: Int) -> Bool {
    if isOwn { return round == 0 }
    return found == nil || failed > 0 || round % Self.roundsWhenFound == 0
  }

  /// Asks who is there.
  static func look(at address: SocketAddress, _ client: ControlClient) async -> Finding {
    let request = ControlRequest(
      EngineRules.modelsPath,
      address: address,
      host: address.description,
      timeout: DiscoveryLimits.portScanTimeout
    )
    do throws(ControlFailure) {
      return finding(try await client.fetch(request))
    } catch {
      switch error {
      case .refused: return .nobody
      case .timedOut: return .other("it doesn't answer GET \(EngineRules.modelsPath)")
      case .closed, .malformed, .tooLarge: return .other("it doesn't speak HTTP as a server does")
      default: return .unknown
      }
    }
  }

  /// What an answer to `GET /v1/models` says.
  static func finding(_ response: ControlResponse) -> Finding {
    if response.server == "oairouter" { return .other("another oairouter") }
    switch response.status {
    case 200:
      guard let list = ModelList(response.body) else { return .other("no inference server") }
      return .server(EngineFingerprints.recognise(response, list) ?? .auto)
    case 401, 403:
      return .other("it wants a key, and what a scan finds isn't given any: name it with --backend")
    case 503:
      return .other("it isn't ready (503): looked at again")
    case let status:
      return .other("no inference server: GET \(EngineRules.modelsPath) is answered \(status)")
    }
  }

  /// Takes a look's outcome in.
  mutating func take(_ finding: Finding) -> [DiscoveryChange] {
    if isOwn { return skip("this router itself", isUnrelated: true) }
    switch finding {
    case .server(let kind):
      failed = 0
      toldReason = nil
      guard found == nil else { return [] }
      found = kind
      let endpoint = Endpoint(address: address)
      return [.appeared(Backend(id: id, kind: kind, endpoint: endpoint, source: .portScan))]
    case .nobody: return lose() + skip("nobody listens", isUnrelated: true)
    case .other(let reason): return lose() + skip(reason, isUnrelated: false)
    case .unknown: return []
    }
  }

  private mutating func lose() -> [DiscoveryChange] {
    guard found != nil else { return [] }
    failed += 1
    guard failed >= Self.failures else { return [] }
    found = nil
    failed = 0
    return [.disappeared(id: id)]
  }

  private mutating func skip(_ reason: String, isUnrelated: Bool) -> [DiscoveryChange] {
    guard found == nil, reason != toldReason else { return [] }
    toldReason = reason
    let subject = address.description
    return [.skipped(DiscoverySkip(subject, reason: reason, isUnrelated: isUnrelated))]
  }
}
