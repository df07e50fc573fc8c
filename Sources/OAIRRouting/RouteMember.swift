/// A backend and its models, on their way into a table.
public struct RouteMember: Sendable {
  /// The backend as the table shows it.
  public let backend: RouteBackend
  /// Its models, in its own order.
  public let models: [ModelDescription]
  /// False until its models were listed once: it may have any.
  public let isListed: Bool
  /// When it was registered, in seconds since 1970: `created` of models it doesn't describe.
  public let registeredAt: Int

  /// Joins a backend and its models.
  public init(
    backend: RouteBackend,
    models: [ModelDescription],
    isListed: Bool = true,
    registeredAt: Int = 0
  ) {
    self.backend = backend
    self.models = models
    self.isListed = isListed
    self.registeredAt = registeredAt
  }
}

/// One model of a table.
struct ModelEntry: Sendable {
  /// As the first backend in id order spells it.
  var name: String
  /// The JSON object of `/v1/models`; empty when no backend is left.
  var object: [UInt8]
  /// The JSON object of Ollama's `/api/tags`; empty when no backend is left.
  var tag: [UInt8]
  /// Indices of backends, ascending.
  var candidates: [Int32]
  /// Where its candidates start in the table's one list.
  var firstCandidate: Int
  /// True when a candidate is neither down nor draining.
  var isListed: Bool
  /// What an alias's requests are made to name; nil for a model of its own.
  var servedName: [UInt8]?
  /// Entries of the models that are asked when this one's backends are spent, in order.
  var fallbacks: [Int32] = []

  /// Merges the models of all backends: one entry for all spellings, the first one counts.
  ///
  /// - Parameters:
  ///   - members: in id order.
  ///   - remembered: names that get an entry without candidates unless somebody has them.
  static func gather(_ members: [RouteMember], remembered: [String]) -> [ModelEntry] {
    var entries: [ModelEntry] = []
    var numbers: [String: Int] = [:]
    for (index, member) in members.enumerated() {
      let counts = member.backend.state != .down && member.backend.state != .draining
      for model in member.models {
        let key = ModelName.canonical(model.id)
        guard let number = numbers[key] else {
          numbers[key] = entries.count
          entries.append(
            ModelEntry(
              name: model.id,
              object: RouteTable.renderModel(model, of: member),
              tag: RouteTable.renderTag(model.id, modifiedAt: member.registeredAt),
              candidates: [Int32(index)],
              firstCandidate: 0,
              isListed: counts
            )
          )
          continue
        }
        // A backend may list a model under both of its spellings.
        if entries[number].candidates.last != Int32(index) {
          entries[number].candidates.append(Int32(index))
        }
        entries[number].isListed = entries[number].isListed || counts
      }
    }
    for name in remembered where numbers[ModelName.canonical(name)] == nil {
      numbers[ModelName.canonical(name)] = entries.count
      entries.append(
        ModelEntry(
          name: name,
          object: [],
          tag: [],
          candidates: [],
          firstCandidate: 0,
          isListed: false
        )
      )
    }
    var start = 0
    for number in entries.indices {
      entries[number].firstCandidate = start
      start += entries[number].candidates.count
    }
    return entries
  }
}
