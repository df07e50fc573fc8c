import OAIRSys

/// What makes two registrations one engine.
///
/// Different prefixes at one address are different engines behind some other proxy.
struct EngineKey: Hashable {
  let address: SocketAddress
  let pathPrefix: String
  /// Empty, but where one source names two hosts at one address: a proxy that goes by names stands
  /// there, and each name is an engine of its own.
  var virtualHost = ""

  init(_ endpoint: Endpoint) {
    address = endpoint.address
    pathPrefix = endpoint.pathPrefix
  }

  /// Whether two keys differ in the virtual host at most.
  func isAtPlace(of other: EngineKey) -> Bool {
    address == other.address && pathPrefix == other.pathPrefix
  }
}

/// One engine in the registry: who told of it, and what was found out.
struct RegistryMember {
  /// Those who told of it, the one that counts first; never empty.
  private(set) var registrations: [Backend]
  /// The engine as found out by probes, when no registration names it.
  private(set) var detectedKind: Backend.Kind?
  /// What it was found out to be before it went down.
  private var formerKind: Backend.Kind?
  /// Its version, as far as it has told.
  private(set) var version: EngineVersion?
  /// What it has, as far as it is known.
  private(set) var models: [ModelDescription] = []
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
  private var listingTrouble: ListingTrouble?
  private var hasListingPhase = false
  /// The models of its last listing.
  private var listed: [ModelDescription]?
  /// What stands in until its first listing: what it had under another registration, or at its
  /// former address.
  private var presumed: [ModelDescription]
  /// What is in its memory, by canonical names, with Ollama's own objects; nil when it doesn't
  /// tell.
  private var residents: [String: [UInt8]]?

  init(
    _ backend: Backend,
    presumed: [ModelDescription] = [],
    slot: Int,
    incarnation: UInt64,
    registeredAt: Int,
    policy: HealthPolicy,
    now: UInt64
  ) {
    registrations = [backend]
    self.presumed = presumed
    self.slot = slot
    self.incarnation = incarnation
    self.registeredAt = registeredAt
    machine = HealthMachine(policy: policy, at: now)
    record = BackendRecord(backend, slot: slot, incarnation: incarnation)
    nextListing = now
    refreshModels()
  }

  /// The id that counts.
  var id: String { registrations[0].id }

  /// The backend that counts, with its kind as found out and its models as listed.
  var backend: Backend {
    var backend = registrations[0]
    backend.kind =
      registrations.first { $0.kind != .auto }?.kind ?? detectedKind ?? Backend.Kind.auto
    backend.models = models
    return backend
  }

  /// The same for people: while it is down, with the kind that it was last found out to be.
  var shownBackend: Backend {
    var backend = backend
    if backend.kind == .auto, let formerKind { backend.kind = formerKind }
    return backend
  }

  /// Whether the backend that counts has models that are never asked for.
  var isModelListFixed: Bool { registrations[0].isModelListFixed }

  var isListed: Bool { isModelListFixed || listed != nil }

  /// False while nobody can say which models it has; one that answers, but lists none, never will.
  private var hasToldModels: Bool {
    isListed || !models.isEmpty || (machine.health == .ready && failedListings > 0)
  }

  /// True when waiting for its first listing can't help, or isn't needed.
  var isSettled: Bool { isListed || machine.health == .down }

  // MARK: - Registrations

  /// Adds a registration, or replaces the one with its id.
  mutating func attach(_ backend: Backend) {
    presumed = models
    registrations.removeAll { $0.id == backend.id }
    registrations.append(backend)
    registrations.sort { ($0.source, $0.id) < ($1.source, $1.id) }
    refreshModels()
    refreshRecord()
  }

  /// Takes a registration away; the next one takes over with what is known of the engine.
  ///
  /// - Returns: false when it was the last one: the engine is to be removed.
  mutating func detach(_ id: String) -> Bool {
    if registrations.count == 1, registrations[0].id == id { return false }
    presumed = models
    registrations.removeAll { $0.id == id }
    refreshModels()
    refreshRecord()
    return true
  }

  // MARK: - Findings

  /// Takes in which engine it is.
  ///
  /// - Returns: whether that is news.
  mutating func found(kind: Backend.Kind?, version: EngineVersion?) -> Bool {
    var isNews = false
    if let kind, kind != .auto, kind != detectedKind {
      detectedKind = kind
      isNews = true
    }
    if let version, version != self.version {
      self.version = version
      isNews = true
    }
    if isNews { refreshRecord() }
    return isNews
  }

  /// Makes the next probe find the engine out again, if no registration names it: another one may
  /// come up in its place.
  mutating func forgetFindings() {
    residents = nil
    version = nil
    listingTrouble = nil
    formerKind = detectedKind ?? formerKind
    detectedKind = nil
    refreshModels()
    refreshRecord()
  }

  /// Takes a listing in.
  ///
  /// - Returns: whether its models are others now.
  mutating func list(_ models: [ModelDescription]) -> Bool {
    listed = models
    return refreshModels()
  }

  /// Takes in what is in its memory.
  ///
  /// - Returns: whether that is news.
  mutating func hold(_ residents: [String: [UInt8]]) -> Bool {
    self.residents = residents
    return refreshModels()
  }

  @discardableResult
  private mutating func refreshModels() -> Bool {
    let own = registrations[0]
    var new = own.models
    if !own.isModelListFixed {
      if let listed { new = listed } else if own.models.isEmpty { new = presumed }
    }
    if let residents {
      for index in new.indices {
        let resident = residents[ModelName.canonical(new[index].id)]
        new[index].isLoaded = resident != nil
        new[index].process = resident
      }
    }
    guard new != models else { return false }
    models = new
    return true
  }

  // MARK: - Listings

  /// When its models are to be asked for: only while it answers.
  var listingDue: UInt64 {
    guard !isModelListFixed, machine.health == .ready || machine.health == .suspect else {
      return .max
    }
    return listingLost ?? nextListing
  }

  /// When its health is to be asked for.
  var probeDue: UInt64 { probeLost ?? machine.nextProbe }

  /// When anything is due.
  var due: UInt64 { min(probeDue, listingDue, machine.deadline ?? .max) }

  /// Plans the next listing: regular after a success, sooner after a failure, but less and less
  /// so: a server that wants a key for its list won't change its mind.
  ///
  /// - Parameter jitter: −1…1; the first listing after a regular one falls anywhere within the
  ///   interval, so that backends which came up together aren't listed together ever after.
  mutating func listingEnded(isListed: Bool, at now: UInt64, jitter: Double) {
    listingLost = nil
    failedListings = isListed ? 0 : failedListings + 1
    let regular = Double(listInterval)
    guard !isListed else {
      let isFirst = !hasListingPhase
      hasListingPhase = true
      let share = Double(HealthPolicy.jitterPercent) / 100 * jitter
      nextListing = now &+ UInt64(isFirst ? regular * (1.1 + jitter) / 2.1 : regular * (1 + share))
      return
    }
    let doublings = UInt64(min(failedListings - 1, 10))
    let retry = RoutingLimits.listRetry.nanoseconds << doublings
    nextListing = now &+ min(retry, RoutingLimits.listInterval.nanoseconds)
  }

  /// Takes in what the backend has said: why there is no list; nil when there was one.
  ///
  /// - Returns: whether that is news.
  mutating func noteListing(_ trouble: ListingTrouble?) -> Bool {
    guard trouble != listingTrouble else { return false }
    listingTrouble = trouble
    return true
  }

  /// What is wrong with it, for people; nil when nothing is known to be.
  var trouble: String? { machine.doubt?.description ?? listingTrouble?.description }

  /// Models that come and go within a server's memory are looked at more often.
  private var listInterval: UInt64 {
    let tells = listed?.contains { $0.isLoaded != nil } ?? false
    return (tells ? RoutingLimits.residentInterval : RoutingLimits.listInterval).nanoseconds
  }

  // MARK: - Tables

  /// Makes a new record if what the data plane sees has changed; exchanges keep the old one.
  private mutating func refreshRecord() {
    record = BackendRecord(backend, slot: slot, incarnation: incarnation)
  }

  var routeMember: RouteMember {
    RouteMember(
      backend: RouteBackend(
        record: record,
        state: machine.state,
        acknowledgedSignal: acknowledgedSignal,
        lastError: trouble
      ),
      models: models,
      isListed: hasToldModels,
      registeredAt: registeredAt,
      version: version
    )
  }
}
