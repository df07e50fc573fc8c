import OAIRSys

/// The three questions that a container engine is asked, and what its refusals mean.
struct DockerAPI: Sendable {
  /// The newest version of the API that this is made for.
  ///
  /// Engines speak older ones too, down to a least one that grows with time; so the answer to
  /// `/_ping` says which to ask for.
  static let newestVersion = (major: 1, minor: 51)

  let client: ControlClient
  let address: SocketAddress
  let host: String
  /// `/v1.41`, or nothing: the engine's own newest then.
  private(set) var prefix = ""

  init(_ client: ControlClient, _ address: SocketAddress, host: String) {
    self.client = client
    self.address = address
    self.host = host
  }

  /// Asks which version is spoken.
  ///
  /// A proxy may refuse this question and allow the others.
  func negotiated() async throws(ControlFailure) -> DockerAPI {
    let response = try await client.fetch(request("/_ping"))
    var api = self
    if response.status == 200, let version = response.apiVersion.flatMap(Self.version) {
      api.prefix = "/v\(version)"
    }
    return api
  }

  /// The running containers.
  func list(_ question: ContainerLedger.Question) async throws(ControlFailure) -> [UInt8] {
    var target = "/containers/json"
    if case .some(let ids) = question {
      let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
      target += "?filters=" + Self.encoded("{\"id\":[\(list)]}")
    }
    let response = try await client.fetch(request(prefix + target))
    guard response.status == 200 else { throw .status(response.status) }
    return response.body
  }

  /// What happens to containers from now on.
  ///
  /// The filter is for the type alone: engines differ in the names of the events, and with them in
  /// what other filters do.
  func events() -> AsyncThrowingStream<[UInt8], any Error> {
    let filters = Self.encoded("{\"type\":[\"container\"]}")
    return client.stream(request("\(prefix)/events?filters=\(filters)"))
  }

  private func request(_ target: String) -> ControlRequest {
    ControlRequest(
      target,
      address: address,
      host: host,
      timeout: DiscoveryLimits.engineTimeout,
      bodyLimit: DiscoveryLimits.containerList
    )
  }

  /// The version to ask for: the engine's own, unless it is newer than what this is made for.
  ///
  /// - Returns: nil for what isn't a version.
  static func version(_ text: String) -> String? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let major = Int(parts[0]), let minor = Int(parts[1])
    else { return nil }
    let (version, newest) = ((major, minor), (newestVersion.major, newestVersion.minor))
    let chosen = version < newest ? version : newest
    return "\(chosen.0).\(chosen.1)"
  }

  /// What a query needs of RFC 3986.
  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122: result.append(byte)
      default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
