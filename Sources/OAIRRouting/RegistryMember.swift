import OAIRSys

/// What makes two registrations one engine.
///
/// Different prefixes at one address are different engines behind some other proxy.
struct EngineKey: Hashable {
  let address: SocketAddress
  let pathPrefix: String

  init(_ endpoint: Endpoint) {
    address = endpoint.address
    pathPrefix = endpoint.pathPrefix
  }
}

/// One engine in the registry: who told of it, and what was found out.
struct RegistryMember {
  /// Those who told of it, the one that counts first; never empty.
  private(set) var registrations: [Backend]
  /// The engine as found out by probes, when no registration names it.
  var detectedKind: Backend.Kind?
  /// The models of its last listing.
  var listed: [ModelDescription]?
  let slot: Int
  let incarnation: UInt64
  let registeredAt: Int
  var machine: HealthMachine
  var acknowledgedSignal: UInt64 = 0
  private(set) var record: BackendRecord
  /// When the health probe that is under way is given up for lost.
  var probeLost: UInt64?
  /// The same for a listing.
  var listingLost: UInt64?
  var nextListing: UInt64
  private var failedListings = 0

  init(
    _ backend: Backend,
    slot: Int,
    incarnation: UInt64,
    registeredAt: Int,
    policy: HealthPolicy,
    now: UInt64
  ) {
    registrations = [backend]
    self.slot = slot
    self.incarnation = incarnation
    self.registeredAt = registeredAt
    machine = HealthMachine(policy: policy, at: now)
    record = BackendRecord(backend, slot: slot, incarnation: incarnation)
    nextListing = now
  }

  /// The backend that counts, with its kind as found out and its models as listed.
  var backend: Backend {
    var backend = registrations[0]
    backend.kind =
      registrations.first { $0.kind != .auto }?.kind ?? detectedKind ?? Backend.Kind.auto
    backend.models = models
    return backend
  }

  var models: [ModelDescription] {
    registrations[0].isModelListFixed ? registrations[0].models : listed ?? registrations[0].models
  }

  var isListed: Bool { registrations[0].isModelListFixed || listed != nil }

  /// False while nobody can say which models it has; one that answers, but lists none, never will.
  private var hasToldModels: Bool {
    isListed || !models.isEmpty || (machine.health == .ready && failedListings > 0)
  }

  /// True when waiting for its first listing can't help, or isn't needed.
  var isSettled: Bool { isListed || machine.health == .down }

  /// Adds a registration, or replaces the one with its id.
  mutating func attach(_ backend: Backend) {
    registrations.removeAll { $0.id == backend.id }
    registrations.append(backend)
    registrations.sort { ($0.source, $0.id) < ($1.source, $1.id) }
    refreshRecord()
  }

  /// Takes a registration away.
  ///
  /// - Returns: false when it was the last one: the engine is to be removed.
  mutating func detach(_ id: String) -> Bool {
    if registrations.count == 1, registrations[0].id == id { return false }
    registrations.removeAll { $0.id == id }
    refreshRecord()
    return true
  }

  /// Plans the next listing: regular after a success, sooner after a failure, but less and less
  /// so: a server that wants a key for its list won't change its mind.
  mutating func listingEnded(isListed: Bool, at now: UInt64) {
    listingLost = nil
    failedListings = isListed ? 0 : failedListings + 1
    let regular = RoutingLimits.listInterval.nanoseconds
    let doublings = UInt64(min(max(failedListings - 1, 0), 10))
    let retry = RoutingLimits.listRetry.nanoseconds << doublings
    nextListing = now &+ (isListed ? regular : min(retry, regular))
  }

  /// Makes the next probe find the engine out again, if no registration names it.
  mutating func forgetKind() {
    guard detectedKind != nil else { return }
    detectedKind = nil
    refreshRecord()
  }

  /// Makes a new record if what the data plane sees has changed; exchanges keep the old one.
  mutating func refreshRecord() {
    record = BackendRecord(backend, slot: slot, incarnation: incarnation)
  }

  var routeMember: RouteMember {
    RouteMember(
      backend: RouteBackend(
        record: record,
        state: machine.state,
        acknowledgedSignal: acknowledgedSignal,
        lastError: machine.doubt?.description
      ),
      models: models,
      isListed: hasToldModels,
      registeredAt: registeredAt
    )
  }
}
