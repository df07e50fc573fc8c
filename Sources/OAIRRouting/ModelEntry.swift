/// One model of a table: all spellings and all backends of it, merged.
struct ModelEntry: Sendable {
  /// As the backend spells it whose objects stand here.
  var name: String
  /// The JSON object of `/v1/models`; empty when no backend is left.
  var object: [UInt8]
  /// The JSON object of Ollama's `/api/tags`; empty when no backend is left.
  var tag: [UInt8]
  /// The JSON object of Ollama's `/api/ps`; empty when no backend has it in memory.
  var process: [UInt8] = []
  /// Indices of backends, ascending.
  private(set) var candidates: [Int32] = []
  /// In the same order, whether a candidate says that the model isn't loaded there.
  private(set) var isCold: [Bool] = []
  /// Where its candidates start in the table's one list.
  private(set) var firstCandidate = 0
  /// True when a candidate is neither down nor draining.
  private(set) var isListed = false
  /// What an alias's requests are made to name; nil for a model of its own.
  var servedName: [UInt8]?
  /// When its backend was registered whose objects stand here, in seconds since 1970.
  private(set) var registeredAt = 0
  /// Entries of the models that are asked when this one's backends are spent, in order.
  var fallbacks: [Int32] = []
  private var standing = Standing.none

  /// Whose words count: a backend that can be used before one that can't, and among those one that
  /// describes the model before one that has only its name.
  private enum Standing: Int, Comparable {
    case none, named, described, usableNamed, usableDescribed

    init(isUsable: Bool, isDescribed: Bool) {
      self =
        switch (isUsable, isDescribed) {
        case (false, false): .named
        case (false, true): .described
        case (true, false): .usableNamed
        case (true, true): .usableDescribed
        }
    }

    static func < (a: Standing, b: Standing) -> Bool { a.rawValue < b.rawValue }
  }

  /// A model that nobody has any more.
  private init(remembered name: String) {
    self.name = name
    object = []
    tag = []
  }

  private mutating func add(_ model: ModelDescription, of member: RouteMember, _ index: Int32) {
    let isUsable = member.backend.state != .down && member.backend.state != .draining
    // A backend may list a model under both of its spellings.
    if candidates.last != index {
      candidates.append(index)
      isCold.append(model.isLoaded == false)
    } else if model.isLoaded != false {
      isCold[isCold.count - 1] = false
    }
    isListed = isListed || isUsable
    let its = Standing(isUsable: isUsable, isDescribed: model.raw != nil)
    if its > standing {
      standing = its
      name = model.id
      registeredAt = member.registeredAt
      object = RouteTable.renderModel(model, of: member)
      tag = model.tag ?? RouteTable.renderTag(model.id, modifiedAt: member.registeredAt)
    }
    if isUsable, process.isEmpty, member.holds(model) {
      process = model.process ?? RouteTable.renderProcess(model.id)
    }
  }

  /// Merges the models of all backends: one entry for all spellings.
  ///
  /// - Parameters:
  ///   - members: in id order; of equal standing the first one's words count.
  ///   - remembered: names that get an entry without candidates unless somebody has them.
  static func gather(_ members: [RouteMember], remembered: [String]) -> [ModelEntry] {
    var entries: [ModelEntry] = []
    var numbers: [String: Int] = [:]
    for (index, member) in members.enumerated() {
      for model in member.models {
        let key = ModelName.canonical(model.id)
        let number = numbers[key] ?? entries.count
        if number == entries.count {
          numbers[key] = number
          entries.append(ModelEntry(remembered: model.id))
        }
        entries[number].add(model, of: member, Int32(index))
      }
    }
    for name in remembered where numbers[ModelName.canonical(name)] == nil {
      numbers[ModelName.canonical(name)] = entries.count
      entries.append(ModelEntry(remembered: name))
    }
    var start = 0
    for number in entries.indices {
      entries[number].firstCandidate = start
      start += entries[number].candidates.count
    }
    return entries
  }
}

extension ModelEntry {
  /// What somebody may see of it who isn't to see all models; nil for nothing.
  ///
  /// An alias doesn't tell what it stands for unless that may be seen as well.
  func shown(where isShown: (UnsafeRawBufferPointer) -> Bool) -> ModelEntry? {
    guard isListed, Array(ModelName.canonical(name).utf8).withUnsafeBytes(isShown) else {
      return nil
    }
    guard let servedName, !object.isEmpty,
      !servedName.withUnsafeBytes({ isShown(ModelName.canonical($0)) })
    else { return self }
    var entry = self
    entry.object = RouteTable.renderAlias(name, for: nil, created: registeredAt)
    return entry
  }
}

extension RouteMember {
  /// Whether it has a model in memory: as it says, or because its engine has all it lists.
  fileprivate func holds(_ model: ModelDescription) -> Bool {
    guard backend.state != .loading else { return false }
    if let isLoaded = model.isLoaded { return isLoaded }
    switch backend.record.kind {
    case .vllm, .sglang, .llamaCpp: return true
    default: return false
    }
  }
}
