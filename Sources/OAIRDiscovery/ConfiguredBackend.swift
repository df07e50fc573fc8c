public import OAIRRouting
import OAIRSys

/// A backend as a user wrote it down: its address may be a name.
public struct ConfiguredBackend: Sendable, Equatable {
  /// Where it is, as written: `http://gpu-1:8000`, `unix:/run/engine.sock`.
  public let url: String
  /// The host and port that have to be resolved; nil when the address is in the URL.
  public let name: Name?
  private let template: Backend

  /// A host to resolve.
  public struct Name: Sendable, Hashable {
    /// The host's name.
    public let host: String
    /// The port.
    public let port: UInt16
  }

  /// Checks a URL and keeps the rest.
  ///
  /// - Parameters:
  ///   - id: unique name, 1…128 visible ASCII bytes.
  ///   - url: as `Endpoint.init(url:)` takes it, or with a name as its host.
  ///   - kind: its engine; `auto` finds out.
  ///   - models: what it serves; empty when it is to be asked.
  ///   - weight: its share against its peers, from 1.
  ///   - priority: lower tiers are used first.
  ///   - maxInFlight: requests at a time; 0 means no bound.
  ///   - onDisconnect: what becomes of a request whose client has left.
  ///   - credentials: what it is shown on top of a client's own fields.
  ///   - source: who wrote it down.
  /// - Throws: `EndpointError.malformed`, `.tlsNotBuiltIn`.
  public init(
    id: String,
    url: String,
    kind: Backend.Kind = .auto,
    models: [String] = [],
    weight: Int = 1,
    priority: Int = 0,
    maxInFlight: Int = 0,
    onDisconnect: Backend.OnDisconnect = .abort,
    credentials: BackendCredentials = BackendCredentials(),
    source: Backend.Source = .file
  ) throws(EndpointError) {
    self.url = url
    var endpoint = Endpoint(address: .loopback(port: 0))
    var name: Name?
    do throws(EndpointError) {
      endpoint = try Endpoint(url: url)
    } catch .needsResolution(let host, let port) {
      name = Name(host: host, port: port)
    }
    self.name = name
    template = Backend(
      id: id,
      kind: kind,
      endpoint: endpoint,
      models: models.map { ModelDescription(id: $0) },
      weight: weight,
      priority: priority,
      maxInFlight: maxInFlight,
      onDisconnect: onDisconnect,
      credentials: credentials,
      source: source
    )
  }

  /// The id of a backend that was given none: its URL without the scheme, final slashes and a final
  /// `/v1`, such as `10.0.0.5:8000`.
  package static func defaultID(_ url: String) -> String {
    var text = url[...]
    if let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") {
      text = text[colon...].dropFirst(3)
    }
    while text.hasSuffix("/") { text = text.dropLast() }
    if text.hasSuffix("/v1") { text = text.dropLast(3) }
    return String(text)
  }

  /// True for what may be an id: it stands in header fields and in logs.
  package static func isValidID(_ id: String) -> Bool {
    (1...RoutingLimits.backendID).contains(id.utf8.count)
      && id.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }

  /// Its id.
  public var id: String { template.id }

  /// What it is shown on top of a client's own fields.
  public var credentials: BackendCredentials { template.credentials }

  /// The backend, if its address is in the URL.
  var backend: Backend? { name == nil ? template : nil }

  /// The backend at a resolved address.
  func backend(at address: SocketAddress) -> Backend? {
    guard let endpoint = try? Endpoint(url: url, address: address) else { return nil }
    var backend = template
    backend.endpoint = endpoint
    return backend
  }
}
