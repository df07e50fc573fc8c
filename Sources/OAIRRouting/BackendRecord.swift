public import OAIRSys

/// What the data plane uses of a backend.
///
/// It never changes: an exchange pins the record it was routed by, whatever tables follow.
public final class BackendRecord: Sendable {
  /// The index of its counters: stable while the backend is registered at one endpoint.
  public let slot: Int
  /// Tells two users of one slot apart, and a backend from its predecessor at another address.
  public let incarnation: UInt64
  /// Its id.
  public let id: String
  /// Its id, ready for a header field.
  public let idBytes: [UInt8]
  /// Its engine, as far as it is known.
  public let kind: Backend.Kind
  /// Where connections go.
  public let address: SocketAddress
  /// The `Host` field's value.
  public let hostHeader: [UInt8]
  /// Neither `idBytes` nor `hostHeader` has a control byte: heads may hold them as they are.
  public let isPlain: Bool
  /// What stands before every request path; may be empty.
  public let pathPrefix: [UInt8]
  /// Its share of requests, from 1.
  public let weight: Int
  /// Its tier: lower ones first.
  public let priority: Int
  /// Requests at a time; 0 means no bound.
  public let maxInFlight: Int
  /// It finishes a request whose client has left.
  public let finishesAbandonedWork: Bool
  /// False for what a port scan found: whoever listens there must not be handed a client's key; and
  /// for a backend that has a key of its own.
  public let forwardsAuthorization: Bool
  /// The lines of its own credentials and fields, ready for a head; may be empty.
  public let ownFields: [UInt8]
  /// The names of those fields, in lower case: a client's are left out.
  public let ownFieldNames: [[UInt8]]

  /// Makes the record of a backend.
  ///
  /// - Parameters:
  ///   - backend: what is known of it; weights and bounds are taken into their ranges.
  ///   - slot: the index of its counters.
  ///   - incarnation: never given out twice.
  public init(_ backend: Backend, slot: Int, incarnation: UInt64) {
    self.slot = slot
    self.incarnation = incarnation
    id = backend.id
    idBytes = Array(backend.id.utf8)
    kind = backend.kind
    address = backend.endpoint.address
    hostHeader = Array(backend.endpoint.host.utf8)
    isPlain = (idBytes + hostHeader).allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    pathPrefix = Array(backend.endpoint.pathPrefix.utf8)
    weight = min(max(backend.weight, 1), CandidateFacts.greatestWeight)
    priority = min(max(backend.priority, Int(Int32.min)), Int(Int32.max))
    maxInFlight = min(max(backend.maxInFlight, 0), Int(Int32.max))
    finishesAbandonedWork = backend.onDisconnect == .drain
    // What can't be sent isn't: the control plane has refused it.
    let credentials =
      backend.credentials.problem == nil ? backend.credentials : BackendCredentials()
    forwardsAuthorization = backend.source != .portScan && credentials.apiKey == nil
    ownFields = Array(credentials.lines.utf8)
    ownFieldNames = credentials.headers.keys.sorted().map { Array($0.lowercased().utf8) }
  }
}
