#if DNS
  /// The backends of a name service's records: a headless Kubernetes service, Consul, Nomad,
  /// Docker's own name server.
  ///
  /// Records are asked for again when they expire, between 1 s and 5 min. A name that has none any
  /// more takes its backends away; a name server that fails doesn't. Only name servers are asked,
  /// not /etc/hosts.
  public struct DNSDiscoverer: Discoverer {
    /// Its name in logs.
    public let name: String
    private let services: [DNSService]

    /// Names services.
    ///
    /// - Parameters:
    ///   - services: what to follow.
    ///   - name: its name in logs.
    public init(_ services: [DNSService], name: String = "dns") {
      self.services = services
      self.name = name
    }

    /// The services' backends, as their records change.
    public func changes(using client: ControlClient) -> AsyncStream<DiscoveryChange> {
      let (stream, continuation) = AsyncStream.makeStream(of: DiscoveryChange.self)
      let task = Task.detached { [services] in
        let servers = Set(services.map(\.server))
        let resolvers = Dictionary(
          uniqueKeysWithValues: servers.map { ($0, DNSResolver(client, server: $0)) }
        )
        let follower = DNSFollower(services) { service in
          let resolver = resolvers[service.server]
          return { name, type in
            await resolver?.ask(name, type) ?? .failed("there is no name server")
          }
        }
        await follower.follow { continuation.yield($0) }
        for resolver in resolvers.values { resolver.close() }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
      return stream
    }
  }
#endif
