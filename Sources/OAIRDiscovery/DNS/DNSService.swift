public import OAIRRouting
public import OAIRSys

/// A name whose records tell where backends are.
public struct DNSService: Sendable, Hashable {
  /// Which of its records.
  public enum Record: Sendable, Hashable {
    /// Services (RFC 2782): hosts with their ports; priorities are tiers, weights are shares.
    case srv
    /// Addresses, IPv6 ones where there are no IPv4 ones; each has a backend at this port.
    case address(port: UInt16)
  }

  /// The name; one with few dots is completed as the system's resolv.conf says, unless it ends with
  /// a dot.
  public let name: String
  /// Which of its records.
  public let record: Record
  /// The engine that the backends run; `auto` finds out.
  public let kind: Backend.Kind
  /// Who is asked; nil for the system's own name servers.
  public let server: SocketAddress?

  /// How old an answer may get before it's asked for again, whatever its records say; 1 s to 5 min.
  public let maxTTL: Duration

  /// Names a service.
  ///
  /// - Parameters:
  ///   - name: such as `_llm._tcp.models.svc` or `vllm.models.svc`.
  ///   - record: which of its records.
  ///   - kind: the engine that the backends run.
  ///   - server: who is asked, such as Consul's `127.0.0.1:8600`; nil for the system's own.
  ///   - maxTTL: how old an answer may get; taken into 1 s to 5 min. Docker's own name server gives
  ///     its records ten minutes.
  public init(
    _ name: String,
    record: Record,
    kind: Backend.Kind = .auto,
    server: SocketAddress? = nil,
    maxTTL: Duration = DiscoveryLimits.dnsLongestPause
  ) {
    self.name = name
    self.record = record
    self.kind = kind
    self.server = server
    self.maxTTL = min(max(maxTTL, DiscoveryLimits.dnsLeastPause), DiscoveryLimits.dnsLongestPause)
  }
}

extension DNSService {
  private static let keys = ["name", "record", "type", "port", "server", "max_ttl"]

  /// Reads the configuration's `discovery.dns`.
  ///
  /// - Throws: `DocumentError` when anything in it is wrong.
  package static func list(_ node: DocumentNode) throws(DocumentError) -> [DNSService] {
    var services: [DNSService] = []
    for element in try node.elements(of: "discovery.dns") {
      let service = try DNSService(element)
      guard !services.contains(service) else {
        throw DocumentError("the name '\(service.name)' is there twice", at: element.mark)
      }
      services.append(service)
    }
    return services
  }

  private init(_ node: DocumentNode) throws(DocumentError) {
    let what = "an element of discovery.dns"
    let members = try node.members(Self.keys, of: what).filter { !$0.value.isNull }
    guard let nameNode = members["name"] else {
      throw DocumentError("\(what) needs a name, such as vllm.models.svc", at: node.mark)
    }
    let name = try nameNode.text("name")
    guard Self.isName(name) else {
      throw DocumentError("'\(name.prefix(64))' is no name of a name service", at: nameNode.mark)
    }
    let record: Record
    switch try members["record"]?.word("record", of: ["srv", "a"]) ?? "srv" {
    case "srv":
      if let port = members["port"] {
        throw DocumentError("port is told by SRV records; it's for record: a", at: port.mark)
      }
      record = .srv
    default:
      guard let port = try members["port"]?.integer("port", in: 1...65_535) else {
        throw DocumentError("record: a needs the backends' port", at: node.mark)
      }
      record = .address(port: UInt16(port))
    }
    let kind = try members["type"]?.word("type", of: Backend.Kind.all.map(\.name))
    self.init(
      name,
      record: record,
      kind: kind.flatMap { Backend.Kind($0) } ?? .auto,
      server: try members["server"].map { (node) throws(DocumentError) in try Self.server(node) },
      maxTTL: try members["max_ttl"]?.duration("max_ttl") ?? DiscoveryLimits.dnsLongestPause
    )
  }

  private static func server(_ node: DocumentNode) throws(DocumentError) -> SocketAddress {
    let text = try node.text("server")
    guard let address = SocketAddress(text), (address.port ?? 0) > 0 else {
      let problem =
        "server must be address:port, such as 127.0.0.1:8600; here is \(text.prefix(64))"
      throw DocumentError(problem, at: node.mark)
    }
    return address
  }

  /// Labels of 1 to 63 letters, digits, hyphens and underscores, 253 characters in all.
  private static func isName(_ text: String) -> Bool {
    let name = text.hasSuffix(".") ? text.dropLast() : text[...]
    return (1...253).contains(name.utf8.count)
      && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        (1...63).contains(label.utf8.count)
          && label.utf8.allSatisfy {
            switch $0 {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
          }
      }
  }
}
