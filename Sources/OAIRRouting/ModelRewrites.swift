/// Models that stand for others: what a request names is replaced, its bytes otherwise unchanged.
public struct ModelRewrites: Sendable, Equatable {
  /// LIMIT: other models that are asked in one model's place.
  public static let fallbacksPerModel = 8

  /// A model that clients ask for, and the one that is served for it.
  ///
  /// An alias hides a model of the same name, and doesn't lead to another alias.
  public var aliases: [String: String]
  /// A model that clients ask for, and those that are asked when its backends are spent, in order.
  public var fallbacks: [String: [String]]

  /// Makes rewrites; by default none.
  public init(aliases: [String: String] = [:], fallbacks: [String: [String]] = [:]) {
    self.aliases = aliases
    self.fallbacks = fallbacks
  }

  /// What is wrong with them, for whoever wrote them: nil when nothing is.
  public var problem: String? {
    let aliased = Set(aliases.keys.map { ModelName.canonical($0) })
    for (name, target) in aliases.sorted(by: { $0.key < $1.key }) {
      if let problem = Self.nameProblem(name) ?? Self.nameProblem(target) {
        return "aliases: \(problem)"
      }
      if ModelName.canonical(name) == ModelName.canonical(target) {
        return "aliases: '\(name)' leads to itself"
      }
      if aliased.contains(ModelName.canonical(target)) {
        return "aliases: '\(name)' leads to '\(target)', which is an alias too"
      }
    }
    for (name, others) in fallbacks.sorted(by: { $0.key < $1.key }) {
      if let problem = Self.fallbackProblem(name, others) { return "fallbacks: \(problem)" }
    }
    return nil
  }

  private static func fallbackProblem(_ name: String, _ others: [String]) -> String? {
    if let problem = nameProblem(name) { return problem }
    guard (1...fallbacksPerModel).contains(others.count) else {
      return "'\(name)' has \(others.count) others, 1 to \(fallbacksPerModel) are allowed"
    }
    for other in others {
      if let problem = nameProblem(other) { return problem }
      if ModelName.canonical(other) == ModelName.canonical(name) {
        return "'\(name)' leads to itself"
      }
    }
    return nil
  }

  /// A name goes into a JSON string or a form's part: without control characters it can't end it.
  private static func nameProblem(_ name: String) -> String? {
    guard (1...RoutingLimits.modelName).contains(name.utf8.count) else {
      return "a name has \(name.utf8.count) bytes, 1 to \(RoutingLimits.modelName) are allowed"
    }
    guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      return "a name has a control character"
    }
    return nil
  }

  /// Names that are known although no backend may have them yet.
  var namedModels: [String] {
    let aliased = Set(aliases.keys.map { ModelName.canonical($0) })
    let names = Array(aliases.values) + Array(fallbacks.keys) + fallbacks.values.joined()
    return names.filter { !aliased.contains(ModelName.canonical($0)) }.sorted()
  }
}

extension ModelEntry {
  /// Adds an entry per alias, with the candidates of the model that it stands for, and to each
  /// model the entries of its fallbacks.
  ///
  /// - Parameters:
  ///   - entries: from `gather`, where every name of the rewrites has one.
  ///   - rewrites: without a `problem`.
  static func apply(_ rewrites: ModelRewrites, to entries: inout [ModelEntry]) {
    guard rewrites != ModelRewrites() else { return }
    var numbers: [String: Int] = [:]
    for (number, entry) in entries.enumerated() {
      numbers[ModelName.canonical(entry.name)] = number
    }
    let served = entries
    for (name, target) in rewrites.aliases.sorted(by: { $0.key < $1.key }) {
      guard let number = numbers[ModelName.canonical(target)], number < served.count else {
        continue
      }
      let alias = served[number].alias(name, for: target)
      if let hidden = numbers[ModelName.canonical(name)] {
        entries[hidden] = alias
      } else {
        numbers[ModelName.canonical(name)] = entries.count
        entries.append(alias)
      }
    }
    for (name, others) in rewrites.fallbacks {
      guard let number = numbers[ModelName.canonical(name)] else { continue }
      entries[number].fallbacks = others.compactMap {
        numbers[ModelName.canonical($0)].map { Int32($0) }
      }
    }
    for (name, target) in rewrites.aliases where rewrites.fallbacks[name] == nil {
      guard let number = numbers[ModelName.canonical(name)],
        let original = numbers[ModelName.canonical(target)]
      else { continue }
      entries[number].fallbacks = entries[original].fallbacks
    }
  }

  private func alias(_ name: String, for target: String) -> ModelEntry {
    var alias = self
    alias.name = name
    alias.servedName = Array(target.utf8)
    alias.fallbacks = []
    if !object.isEmpty {
      alias.object = RouteTable.renderAlias(name, for: target, created: registeredAt)
      alias.tag = RouteTable.renderTag(name, modifiedAt: registeredAt)
    }
    if !process.isEmpty { alias.process = RouteTable.renderProcess(name) }
    return alias
  }
}
