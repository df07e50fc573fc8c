/// Finds inference servers in the containers of Docker or Podman, as they come and go.
///
/// Which containers, and where they are reached: `DockerOptions`. It subscribes to the engine's
/// events, lists what runs, and follows; when the engine goes away it connects again, for ever. An
/// engine that is gone takes no backend with it: their health decides.
public struct DockerDiscoverer: Discoverer {
  /// Its name in logs.
  public let name: String
  private let endpoint: DockerEndpoint
  private let options: DockerOptions

  /// Makes a discoverer.
  ///
  /// - Parameters:
  ///   - endpoint: where the engine listens.
  ///   - options: which containers are backends, and how they are reached.
  ///   - name: its name in logs, unique among the discoverers of a control plane.
  public init(
    endpoint: DockerEndpoint = .standard,
    options: DockerOptions = DockerOptions(),
    name: String = "docker"
  ) {
    self.endpoint = endpoint
    self.options = options
    self.name = name
  }

  /// The backends in containers, as they start and end.
  ///
  /// - Parameter client: carries the requests to the engine; running.
  public func changes(using client: ControlClient) -> AsyncStream<DiscoveryChange> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: DiscoveryChange.self,
      bufferingPolicy: .bufferingOldest(DiscoveryLimits.waitingChanges)
    )
    let task = Task.detached { [endpoint, options] in
      var watch = DockerWatch(endpoint, options, client, continuation)
      await watch.run()
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }
}
