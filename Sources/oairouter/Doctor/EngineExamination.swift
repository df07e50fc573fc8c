import Glibc
import OAIRouter

/// Whether the container engine can be asked, where it is to be.
struct EngineExamination {
  let setup: RouterSetup

  var findings: [Finding] {
    let wish = setup.wishes.docker
    if wish == .off { return [.fine("docker", "isn't to be asked")] }
    let isWanted = wish == .on
    do throws(DockerEndpointError) {
      guard let endpoint = try named() ?? .found(by: Self.variable) else {
        return [none(isWanted: isWanted)]
      }
      return [finding(endpoint, isWanted: isWanted)]
    } catch {
      return [.error("docker", error.description, "another DOCKER_HOST, or discovery.docker.host")]
    }
  }

  private func named() throws(DockerEndpointError) -> DockerEndpoint? {
    if let url = setup.settings.value("discovery.docker.host").text {
      return try DockerEndpoint(url: url)
    }
    return try DockerEndpoint.named(by: Self.variable)
  }

  private func none(isWanted: Bool) -> Finding {
    let text = "there is no socket of Docker or Podman, and DOCKER_HOST isn't set"
    guard isWanted else { return .fine("docker", text) }
    return .error("docker", text, "start the engine, or leave containers out: --discover ports")
  }

  private func finding(_ endpoint: DockerEndpoint, isWanted: Bool) -> Finding {
    if let denial = endpoint.denial {
      let parts = denial.split(separator: ":", maxSplits: 1).map(String.init)
      let advice = parts.count == 2 ? parts[1].drop { $0 == " " } : "a socket proxy beside it"
      return Finding(
        subject: "docker",
        level: isWanted ? .error : .warning,
        text: parts[0],
        advice: String(advice)
      )
    }
    guard let address = endpoint.address else {
      return .fine("docker", "\(endpoint) is to be asked")
    }
    let place = endpoint.socketPath ?? endpoint.description
    guard let failure = Self.connectFailure(address) else {
      return .fine("docker", "\(place) can be used")
    }
    return .warning(
      "docker",
      "\(place): \(failure.text)",
      "start the engine; the router finds it then, and serves without it"
    )
  }

  /// How long an engine on another machine may take, in milliseconds.
  private static let patience: Int32 = 2000

  private static func connectFailure(_ address: SocketAddress) -> Errno? {
    guard let kernel = try? LinuxKernel() else { return nil }
    defer { kernel.shutdown() }
    switch kernel.connect(to: address) {
    case .connected(let descriptor):
      kernel.close(descriptor)
      return nil
    case .inProgress(let descriptor):
      defer { kernel.close(descriptor) }
      var waited = pollfd(fd: descriptor.raw, events: Int16(POLLOUT), revents: 0)
      return poll(&waited, 1, patience) > 0 ? kernel.connectError(descriptor) : Errno(ETIMEDOUT)
    case .failed(let error): return error
    }
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
