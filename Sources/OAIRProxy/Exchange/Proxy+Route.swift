import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, 5 route: the model's name becomes an entry of the route table.

extension Proxy {
  // MARK: 5 route

  /// Finds the model's entry, then a candidate.
  mutating func route(_ downstream: Handle) {
    if case .stored(let id) = downstreams[downstream].exchange.route {
      routeStored(downstream, id: id)
      return
    }
    switch findDestination(downstream) {
    case .found: chooseBehindWaiting(downstream)
    case .refused(let error): refuse(downstream, error)
    // The first listing is on its way: an unknown model now may be a known one in a moment.
    case .notListedYet: waitingForListing.append(downstream)
    }
  }

  /// Whether it is known where a request is to go.
  enum Finding {
    case found
    case refused(GatewayError)
    case notListedYet
  }

  /// Finds the model's entry, and has the request name the model that is served.
  mutating func findDestination(_ downstream: Handle) -> Finding {
    if !downstreams[downstream].exchange.peek.isSound, let error = peekError(downstream) {
      return .refused(error)
    }
    guard table.isListed || isServedAlready(downstream) else { return .notListedYet }
    switch findEntry(downstream) {
    case .success(let entry):
      if isKeyBound(downstream), let error = modelKeyError(downstream, entry) {
        return .refused(error)
      }
      setDestination(downstream, asked: entry)
      if !isServed(downstream), let error = unservedError(downstream) { return .refused(error) }
      if isNamedOtherwise(downstream) {
        if downstreams[downstream].exchange.isModelRepeated { return .refused(.repeatedModel) }
        nameServedModel(downstream)
      }
      return .found
    case .failure(let refusal):
      // Whether a model exists that the key may not use isn't its holder's business either.
      let isNamed = downstreams[downstream].exchange.isModelNamed
      let error = isNamed && isKeyBound(downstream) ? modelKeyError(downstream, nil) : nil
      return .refused(error ?? refusal.error)
    }
  }

  /// Whether a backend that can be used has told that it has the model, before all have told: one
  /// that doesn't answer at the start holds nobody up who can do without it.
  private mutating func isServedAlready(_ downstream: Handle) -> Bool {
    guard let entry = lookUp(downstream) else { return false }
    let family = downstreams[downstream].exchange.service.family
    return table.candidates(entry).contains {
      table.facts[Int($0)].state.isUsable && serves(Int($0), family)
    }
  }

  /// Where the request goes, as the newest table says it: entries of an older one mean other models
  /// there, or nothing.
  mutating func destination(_ downstream: Handle) -> Exchange.Destination {
    if case .owner = downstreams[downstream].exchange.destination {
      return downstreams[downstream].exchange.destination
    }
    if downstreams[downstream].exchange.routedBy != table.generation {
      switch findEntry(downstream) {
      case .success(let entry):
        setDestination(downstream, asked: entry)
      // It was known when the request came: its client isn't told that it never existed.
      case .failure: loseDestination(downstream)
      }
    }
    return downstreams[downstream].exchange.destination
  }

  /// Whether a backend's engine has the paths of a family.
  func serves(_ index: Int, _ family: PathFamily) -> Bool {
    table.facts[index].pathFamilies.contains(family)
  }

  /// Whether another model's name than the client's may have to go out.
  private func isNamedOtherwise(_ downstream: Handle) -> Bool {
    guard case .entry(let entry) = downstreams[downstream].exchange.destination else {
      return false
    }
    return downstreams[downstream].exchange.fallback > 0 || table.isAlias(entry)
  }

  /// Whether the first of the model's candidates has the path, as nearly always.
  private func isServed(_ downstream: Handle) -> Bool {
    guard case .entry(let entry) = downstreams[downstream].exchange.destination,
      let first = table.candidates(entry).first
    else { return false }
    return serves(Int(first), downstreams[downstream].exchange.service.family)
  }

  /// The model is there, but none of its engines has the path.
  private mutating func unservedError(_ downstream: Handle) -> GatewayError? {
    let family = downstreams[downstream].exchange.service.family
    var kinds: [String] = []
    switch downstreams[downstream].exchange.destination {
    case .entry(let entry):
      for index in table.candidates(entry) {
        if serves(Int(index), family) { return nil }
        let kind = table.backends[Int(index)].record.kind.name
        if !kinds.contains(kind) { kinds.append(kind) }
      }
    case .defaultBackend:
      guard let index = table.defaultBackend, !serves(index, family) else { return nil }
      kinds = [table.backends[index].record.kind.name]
    case .owner, .gone, .unresolved: return nil
    }
    guard !kinds.isEmpty else { return nil }
    let engines = kinds.joined(separator: ", ")
    let advice = "The model '\(modelText(downstream))' is served by \(engines), without that path."
    return GatewayError(.unsupportedEndpoint, targetText(downstream), advice: advice)
  }

  private struct Refusal: Error { let error: GatewayError }

  /// Why a request's body can't be routed.
  func peekError(_ downstream: Handle) -> GatewayError? {
    switch downstreams[downstream].exchange.peek.problem {
    case nil: return nil
    case .form(let problem)?: return Self.formError(problem)
    case .json where downstreams[downstream].exchange.body.isEmpty:
      return GatewayError(.invalidJSON, advice: "it is empty")
    case .json(let problem)?: return Self.jsonError(problem)
    }
  }

  private static func jsonError(_ problem: JSONPeekError) -> GatewayError {
    switch problem {
    case .notAnObject: GatewayError(.invalidJSON, advice: "it is another kind of value")
    case .invalidJSON(let offset): GatewayError(.invalidJSON, "\(offset)")
    case .duplicateModel(let offset): GatewayError(.duplicateModel, "\(offset)")
    case .modelNotAString(let offset): GatewayError(.modelNotAString, "\(offset)")
    case .modelTooLong(let offset): GatewayError(.modelTooLong, "\(offset)")
    case .misspelledModel(let offset): .misspelledModel(offset)
    }
  }

  private static func formError(_ problem: MultipartPeekError) -> GatewayError {
    switch problem {
    case .broken(let offset): GatewayError(.invalidForm, "it goes wrong at byte \(offset)")
    case .duplicateModel(let offset): GatewayError(.duplicateModel, "\(offset)")
    case .modelTooLong(let offset): GatewayError(.modelTooLong, "\(offset)")
    case .misspelledModel(let offset): .misspelledModel(offset)
    case .ambiguousPart(let offset):
      GatewayError(.invalidForm, "backends may read the part's head at byte \(offset) differently")
    }
  }

  /// No `model`: the default backend's, or the only one there is.
  ///
  /// An unknown one: the default backend, if there is one.
  private mutating func findEntry(_ downstream: Handle) -> Result<Int?, Refusal> {
    guard downstreams[downstream].exchange.isModelNamed else {
      if table.defaultBackend != nil { return .success(nil) }
      if let only = table.onlyModel { return .success(only) }
      let models = isKeyBound(downstream) ? "" : "\(table.modelCount) "
      let advice =
        table.modelCount > 0
        ? "Name one of the \(models)models that GET /v1/models lists."
        : "No backend has told of any model yet: see GET /health."
      return .failure(Refusal(error: GatewayError(.missingModel, advice: advice)))
    }
    if let entry = lookUp(downstream) { return .success(entry) }
    if table.defaultBackend != nil { return .success(nil) }
    let name = modelText(downstream)
    if !table.unlistedBackends.isEmpty {
      let silent = table.unlistedBackends.prefix(8).joined(separator: ", ")
      return .failure(Refusal(error: GatewayError(.modelsUnknown, name, advice: silent)))
    }
    let near = table.nearNames(name) { isModelAllowed(downstream, $0) }
    var advice =
      near.isEmpty
      ? "GET /v1/models lists what there is." : "Near: \(near.joined(separator: ", "))."
    if !table.unlistableBackends.isEmpty, !isKeyBound(downstream) {
      let mute = table.unlistableBackends.prefix(2).joined(separator: ", ")
      advice += " Nothing is known of the models of \(mute)."
    }
    return .failure(Refusal(error: GatewayError(.modelNotFound, name, advice: advice)))
  }

  private mutating func lookUp(_ downstream: Handle) -> Int? {
    if let asked = downstreams[downstream].exchange.askedModel {
      return asked.withUnsafeBytes { table.entry(for: $0) }
    }
    guard let range = downstreams[downstream].exchange.modelRange else { return nil }
    let bytes = downstreams[downstream].exchange.request.bytes
    if !downstreams[downstream].exchange.peek.isModelEscaped {
      return table.entry(for: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
    let body = downstreams[downstream].exchange.body
    guard
      let count = downstreams[downstream].exchange.peek.copyModel(
        from: body,
        into: scratch.modelName
      )
    else { return nil }
    return table.entry(for: UnsafeRawBufferPointer(rebasing: scratch.modelName[..<count]))
  }

  /// The model's name for texts that a user reads: what was asked for.
  mutating func modelText(_ downstream: Handle) -> String {
    if let asked = downstreams[downstream].exchange.askedModel {
      return String(decoding: asked, as: UTF8.self)
    }
    let body = downstreams[downstream].exchange.body
    guard downstreams[downstream].exchange.peek.modelRange != nil,
      let count = downstreams[downstream].exchange.peek.copyModel(
        from: body,
        into: scratch.modelName
      )
    else { return "" }
    return String(decoding: scratch.modelName[..<count], as: UTF8.self)
  }
}
