import OAIRRouting
import OAIRSys

/// What looking up a service brought.
enum DNSFindings: Equatable, Sendable {
  /// These backends, for so long.
  case backends([Backend], ttl: Duration)
  /// There are none: a fact, for so long.
  case nothing(ttl: Duration)
  /// Nobody could tell: why, in plain words.
  case failed(String)
}

/// Looks a service up: its records, the addresses of their hosts, and the backends that they are.
///
/// It keeps what it was told of hosts, for when nobody can tell any more.
struct DNSLookup: Sendable {
  /// Asks a name service.
  ///
  /// A name that ends with a dot is taken as it is.
  typealias Ask = @Sendable (_ name: String, DNSRecordType) async -> DNSAnswer

  private let service: DNSService
  private let ask: Ask
  /// The full name that had records last: asked for directly, so that a search list costs nothing.
  private var fullName: String?
  /// Addresses by host, as they were told last.
  private var hosts: [String: [SocketAddress]] = [:]

  init(_ service: DNSService, ask: @escaping Ask) {
    self.service = service
    self.ask = ask
  }

  /// Looks once.
  mutating func look() async -> DNSFindings {
    switch service.record {
    case .srv: await lookForServices()
    case .address(let port): await lookForAddresses(port)
    }
  }

  // MARK: - Addresses

  private mutating func lookForAddresses(_ port: UInt16) async -> DNSFindings {
    let answer: DNSAnswer
    if let fullName {
      let known = await Self.addresses(of: fullName, ask)
      if case .nothing = known { answer = await searchAddresses() } else { answer = known }
    } else {
      answer = await searchAddresses()
    }
    switch answer {
    case .found(let records, _, let ttl, let name):
      fullName = name
      let found = Self.sockets(records).map { backend(at: $0.with(port: port)) }
      return .backends(found, ttl: ttl)
    case .nothing(let ttl):
      fullName = nil
      return .nothing(ttl: ttl)
    case .failed(let reason): return .failed(reason)
    }
  }

  private func searchAddresses() async -> DNSAnswer { await Self.addresses(of: service.name, ask) }

  /// IPv4 addresses, or else IPv6 ones: a host that has both would count twice.
  private static func addresses(of name: String, _ ask: Ask) async -> DNSAnswer {
    let first = await ask(name, .a)
    guard case .nothing(let firstTTL) = first else { return first }
    let second = await ask(name, .aaaa)
    guard case .nothing(let secondTTL) = second else { return second }
    return .nothing(ttl: min(firstTTL, secondTTL))
  }

  private func backend(at address: SocketAddress) -> Backend {
    let id = "\(service.name)/\(address)"
    return Backend(
      id: ConfiguredBackend.isValidID(id) ? id : "\(address)",
      kind: service.kind,
      endpoint: Endpoint(address: address),
      source: .dns
    )
  }

  private static func sockets(_ records: [DNSRecord]) -> [SocketAddress] {
    var addresses: [SocketAddress] = []
    for case .address(let address) in records.map(\.content) where !addresses.contains(address) {
      addresses.append(address)
    }
    return addresses
  }

  // MARK: - Services

  private struct Service: Hashable {
    let target: String
    let port: UInt16
    let priority: Int
    let weight: Int
  }

  private mutating func lookForServices() async -> DNSFindings {
    var answer = await ask(fullName ?? service.name, .srv)
    if case .nothing = answer, fullName != nil { answer = await ask(service.name, .srv) }
    switch answer {
    case .found(let records, let additional, let ttl, let name):
      fullName = name
      return await resolve(Self.services(of: records), additional, ttl)
    case .nothing(let ttl):
      fullName = nil
      hosts = [:]
      return .nothing(ttl: ttl)
    case .failed(let reason): return .failed(reason)
    }
  }

  /// A target of "." says that the service isn't there on purpose (RFC 2782).
  private static func services(of records: [DNSRecord]) -> [Service] {
    var services: [Service] = []
    for case .service(let priority, let weight, let port, let target) in records.map(\.content)
    where !target.isEmpty && port > 0 && services.count < DiscoveryLimits.dnsTargets {
      let service = Service(
        target: target.lowercased(),
        port: port,
        priority: priority,
        // Zero is a very small chance beside others (RFC 2782), and an equal one among its like.
        weight: max(weight, 1)
      )
      if !services.contains(service) { services.append(service) }
    }
    return services
  }

  private mutating func resolve(
    _ services: [Service],
    _ additional: [DNSRecord],
    _ ttl: Duration
  ) async -> DNSFindings {
    var ttl = ttl
    var told: [String: [SocketAddress]] = [:]
    var failure: String?
    for (host, answer) in await answers(for: Set(services.map(\.target)), additional) {
      switch answer {
      case .found(let records, _, let hostTTL, _):
        told[host] = Self.sockets(records)
        ttl = min(ttl, hostTTL)
      case .nothing(let hostTTL): ttl = min(ttl, hostTTL)
      case .failed(let reason):
        // Where it was before, if it was anywhere.
        told[host] = hosts[host]
        failure = reason
      }
    }
    hosts = told
    let found = services.flatMap { service in
      backends(of: service, at: told[service.target, default: []])
    }
    if found.isEmpty, let failure { return .failed(failure) }
    return found.isEmpty ? .nothing(ttl: ttl) : .backends(found, ttl: ttl)
  }

  /// What is known of hosts: by records that came along, or by asking.
  private func answers(
    for hosts: Set<String>,
    _ additional: [DNSRecord]
  ) async -> [String: DNSAnswer] {
    await withTaskGroup(of: (String, DNSAnswer).self) { [ask] group in
      for host in hosts {
        if let answer = Self.answer(for: host, in: additional) {
          group.addTask { (host, answer) }
        } else {
          group.addTask { (host, await Self.addresses(of: host + ".", ask)) }
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  private static func answer(for host: String, in additional: [DNSRecord]) -> DNSAnswer? {
    let own = additional.filter { $0.name.lowercased() == host }
    for type in [DNSRecordType.a, .aaaa] {
      let records = own.filter { type.describes($0.content) }
      guard let ttl = records.map(\.ttl).min() else { continue }
      return .found(records, additional: [], ttl: .seconds(Int64(ttl)), name: host)
    }
    return nil
  }

  private func backends(of service: Service, at addresses: [SocketAddress]) -> [Backend] {
    addresses.map { address in
      let address = address.with(port: service.port)
      let name = "\(service.target):\(service.port)"
      // A host has one address nearly always, and then its name is enough.
      let id = addresses.count == 1 ? name : "\(name)/\(address.host)"
      return Backend(
        id: ConfiguredBackend.isValidID(id) ? id : "\(address)",
        kind: self.service.kind,
        endpoint: Endpoint(address: address),
        weight: service.weight,
        priority: service.priority,
        source: .dns
      )
    }
  }
}
