/// One backend as a table shows it.
public struct RouteBackend: Sendable {
  /// What exchanges pin.
  public let record: BackendRecord
  /// Its state when the table was made.
  public let state: BackendState
  /// The highest sequence of a signal that `state` includes.
  public let acknowledgedSignal: UInt64
  /// Why it isn't ready, in plain words.
  public let lastError: String?

  /// Shows a backend.
  public init(
    record: BackendRecord,
    state: BackendState,
    acknowledgedSignal: UInt64 = 0,
    lastError: String? = nil
  ) {
    self.record = record
    self.state = state
    self.acknowledgedSignal = acknowledgedSignal
    self.lastError = lastError
  }
}

/// Everything that the data plane knows of backends and models, as it was at one moment: which
/// backends have a model, and the local answers already rendered.
///
/// Made by the registry on its queue, then immutable; a reactor holds the newest one and reads it
/// on its own thread. A lookup costs no allocation, no lock and no reference count beyond the
/// table's own.
public final class RouteTable: Sendable {
  /// Grows with each table of a registry.
  public let generation: UInt64
  /// All backends, in the order of their ids.
  public let backends: [RouteBackend]
  /// How many counters are needed: every slot is below it.
  public let slotCount: Int
  /// The backend for models that nobody has, as an index into `backends`.
  public let defaultBackend: Int?
  /// The entry of the only model there is, if there is exactly one.
  public let onlyModel: Int?
  /// The whole body of `GET /v1/models`.
  public let modelsBody: [UInt8]
  /// The whole body of Ollama's `GET /api/tags`.
  public let tagsBody: [UInt8]
  /// The whole body of Ollama's `GET /api/ps`.
  public let processesBody: [UInt8]
  /// The whole body of Ollama's `GET /api/version`.
  public let versionBody: [UInt8]
  /// The whole body of `GET /health`.
  public let healthBody: [UInt8]
  /// How many backends are ready.
  public let healthyCount: Int
  /// How many models are listed: those with a candidate that is neither down nor draining.
  public let modelCount: Int
  /// How many further names are listed for them.
  public let aliasCount: Int
  /// True once the first listing of every backend is in, or the wait for it is over.
  public let isListed: Bool

  /// The ids of backends that never told their models: any model may be one of theirs.
  public let unlistedBackends: [String]
  /// Backends that answer, but have no list of models that can be used, each with the reason.
  public let unlistableBackends: [String]
  /// How many models each backend has told, parallel to `backends`; nil for one that never did.
  public let modelCounts: [Int?]
  /// The numbers of models in metrics, the same in all tables of a registry.
  public let modelSeries: ModelSeries

  private let series: [Int32]
  private let entries: [ModelEntry]
  private let index: ModelIndex
  // SAFETY: both are filled in init, only read afterwards, and freed in deinit.
  private nonisolated(unsafe) let lists: CandidateLists
  private nonisolated(unsafe) let factTable: UnsafeMutableBufferPointer<CandidateFacts>

  /// Before anything is known: no backend, no model, not listed.
  public static let empty = RouteTable(generation: 0, members: [], isListed: false)

  /// Makes a table.
  ///
  /// - Parameters:
  ///   - generation: greater than that of the table before.
  ///   - members: all backends with their models, in any order; ids must differ.
  ///   - rememberedModels: models that stay known although no backend has them any more.
  ///   - rewrites: models that stand for others, without a `problem`.
  ///   - defaultBackend: the id of the backend for models that nobody has.
  ///   - isListed: whether the first listings are in.
  ///   - modelSeries: where models have their numbers in metrics.
  public init(
    generation: UInt64,
    members: [RouteMember],
    rememberedModels: [String] = [],
    rewrites: ModelRewrites = ModelRewrites(),
    defaultBackend: String? = nil,
    isListed: Bool,
    modelSeries: ModelSeries = ModelSeries()
  ) {
    let members = members.sorted { $0.backend.record.id < $1.backend.record.id }
    var entries = ModelEntry.gather(
      members,
      remembered: rememberedModels + rewrites.namedModels
    )
    self.generation = generation
    self.isListed = isListed
    backends = members.map(\.backend)
    unlistedBackends = members.filter { !$0.isListed }.map(\.backend.record.id)
    unlistableBackends = members.compactMap { member in
      guard member.models.isEmpty, member.backend.state == .ready,
        let reason = member.backend.lastError
      else { return nil }
      return "\(member.backend.record.id) (\(reason))"
    }
    modelCounts = members.map { $0.isListed ? $0.models.count : nil }
    slotCount = (members.map(\.backend.record.slot).max() ?? -1) + 1
    self.defaultBackend = members.firstIndex { $0.backend.record.id == defaultBackend }
    factTable = .allocate(capacity: members.count)
    for (number, member) in members.enumerated() {
      factTable.initializeElement(at: number, to: CandidateFacts(member.backend))
    }

    let served = entries.indices.filter { !entries[$0].candidates.isEmpty }
    let known = served.isEmpty ? Array(entries.indices) : served
    onlyModel = known.count == 1 ? known[0] : nil
    modelCount = entries.count(where: \.isListed)
    // From here on entries share candidates.
    ModelEntry.apply(rewrites, to: &entries)
    self.entries = entries
    self.modelSeries = modelSeries
    series = modelSeries.numbers(of: entries.lazy.map { ModelName.canonical($0.name) })
    lists = CandidateLists(entries, backends)
    index = ModelIndex(entries.map { Array(ModelName.canonical($0.name).utf8) })
    let listed = entries.filter(\.isListed)
    aliasCount = listed.count { $0.servedName != nil }
    healthyCount = members.count { $0.backend.state == .ready }
    modelsBody = Self.render(.models, listed)
    tagsBody = Self.render(.tags, listed)
    processesBody = Self.render(.processes, listed)
    versionBody = Self.renderVersion(members)
    healthBody = Self.renderHealth(
      total: members.count,
      healthy: healthyCount,
      models: modelCount
    )
  }

  deinit {
    lists.deallocate()
    factTable.deallocate()
  }

  /// How many backends there are.
  public var totalCount: Int { backends.count }

  /// How many models are known, the remembered ones included.
  public var entryCount: Int { entries.count }

  /// Finds a model.
  ///
  /// - Parameter model: the bytes of the name as the client wrote it; a final `:latest` doesn't
  ///   matter.
  /// - Returns: its entry, nil for an unknown model.
  public func entry(for model: UnsafeRawBufferPointer) -> Int? {
    index.find(ModelName.canonical(model))
  }

  /// The backends that have a model, whatever their states, in the order of their ids.
  ///
  /// - Parameter entry: from `entry(for:)` or `onlyModel`.
  /// - Returns: indices into `backends` and `facts`, valid as long as the table lives; none for a
  ///   model whose last backend went away.
  public func candidates(_ entry: Int) -> UnsafeBufferPointer<Int32> {
    lists.candidates(entry)
  }

  /// The ranks of a model's candidates by what the table knows, in their order; valid as long as
  /// the table lives.
  public func ranks(_ entry: Int) -> UnsafeBufferPointer<Int64> { lists.ranks(entry) }

  /// Those of a model's candidates that nobody outranks, in the order of their ids; none when none
  /// may be used.
  ///
  /// Valid as long as the table lives.
  public func bestTier(_ entry: Int) -> UnsafeBufferPointer<Int32> { lists.bestTier(entry) }

  /// Where a model's candidates start among those of all models; an alias has its model's.
  package func firstCandidate(_ entry: Int) -> Int { lists.start(entry) }

  /// The candidates of all models together.
  var candidateCount: Int { lists.count }

  /// This table's entry for a model of another table.
  func entry(named table: RouteTable, _ entry: Int) -> Int? {
    Array(table.entries[entry].name.utf8).withUnsafeBytes { self.entry(for: $0) }
  }

  /// The numbers that selection needs, parallel to `backends`; valid as long as the table lives.
  public var facts: UnsafeBufferPointer<CandidateFacts> { UnsafeBufferPointer(factTable) }

  /// A model's number in metrics; see `ModelSeries`.
  public func series(_ entry: Int) -> Int32 { series[entry] }

  /// A model's name as the first backend spells it.
  public func modelName(_ entry: Int) -> [UInt8] { Array(entries[entry].name.utf8) }

  /// What requests for an entry have to name, where that isn't what their clients wrote.
  ///
  /// - Parameter entry: an alias's.
  /// - Returns: nil for a model of its own.
  public func servedName(_ entry: Int) -> [UInt8]? { entries[entry].servedName }

  /// Whether there is a `servedName`.
  public func isAlias(_ entry: Int) -> Bool { entries[entry].servedName != nil }

  /// How many models may be asked in place of an entry's.
  public func fallbackCount(_ entry: Int) -> Int { entries[entry].fallbacks.count }

  /// The entry of a model that may be asked in place of another.
  ///
  /// - Parameters:
  ///   - entry: what the client asked for.
  ///   - number: 0 for the first, below `fallbackCount`.
  public func fallback(_ entry: Int, _ number: Int) -> Int {
    Int(entries[entry].fallbacks[number])
  }

  /// The body of `GET /v1/models/{id}`: the model's one object.
  ///
  /// - Returns: empty for a model that isn't listed, because its backends are down or gone.
  public func modelBody(_ entry: Int) -> [UInt8] {
    entries[entry].isListed ? entries[entry].object : []
  }

  /// The same without what its reader isn't to see.
  ///
  /// - Parameter isShown: told a model's canonical name.
  public func modelBody(
    _ entry: Int,
    where isShown: (UnsafeRawBufferPointer) -> Bool
  ) -> [UInt8] {
    entries[entry].shown(where: isShown)?.object ?? []
  }

  /// The whole body of a list, without what its reader isn't to see; rendered anew at each call.
  ///
  /// - Parameters:
  ///   - list: which one.
  ///   - isShown: told a model's canonical name.
  public func body(
    of list: ModelListing,
    where isShown: (UnsafeRawBufferPointer) -> Bool
  ) -> [UInt8] {
    Self.render(list, entries.compactMap { $0.shown(where: isShown) })
  }

  /// Listed models whose names are close to one that isn't known; for an error's text.
  ///
  /// - Parameters:
  ///   - model: what the client asked for.
  ///   - limit: how many at most.
  ///   - isShown: told a model's canonical name; false for one that the text must not tell.
  /// - Returns: the nearest first; a name counts as near when it contains the other, or a third
  ///   of its characters would have to change at most.
  public func nearNames(
    _ model: String,
    limit: Int = 5,
    where isShown: (UnsafeRawBufferPointer) -> Bool = { _ in true }
  ) -> [String] {
    let wanted = ModelName.canonical(String(model.prefix(RoutingLimits.modelName)))
    guard !wanted.isEmpty else { return [] }
    var found: [(distance: Int, name: String)] = []
    for entry in entries.lazy.filter(\.isListed).prefix(RoutingLimits.nearNameSearch) {
      let name = ModelName.canonical(entry.name)
      guard Array(name.utf8).withUnsafeBytes(isShown) else { continue }
      let bound = max(2, wanted.utf8.count / 3)
      if let distance = ModelName.distance(wanted, name, bound: bound) {
        found.append((distance, entry.name))
      } else if wanted.utf8.count >= 3, name.contains(wanted) || wanted.contains(name) {
        found.append((bound + 1, entry.name))
      }
    }
    found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return found.prefix(max(limit, 0)).map(\.name)
  }
}
