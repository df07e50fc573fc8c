import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// Who asks: between the head and everything that costs something. Without keys this is one look at
// a flag.

extension Proxy {
  /// Checks the key of a request, and counts the request in.
  ///
  /// - Returns: nil for a request that may go on.
  mutating func keyError(_ downstream: Handle) -> GatewayError? {
    let settings = settings(of: downstream)
    guard !settings.keys.isEmpty, needsKey(downstream) else { return nil }
    guard let shown = shownKey(downstream) else {
      counters.refusedKeys += 1
      return GatewayError(.missingKey)
    }
    let place = settings.keys.find(shown)
    guard place > 0 else {
      counters.refusedKeys += 1
      return GatewayError(.invalidKey)
    }
    downstreams[downstream].exchange.key = place
    switch downstreams[downstream].exchange.route {
    case .routed, .stored, .tunnel: break
    default: return nil
    }
    let (number, bounds) = (settings.keys.number(place), settings.keys.bounds(place))
    switch keyAccounts.begin(number, bounds, at: reactor.now) {
    case nil:
      downstreams[downstream].exchange.occupiesKey = true
      return nil
    case .rate(let seconds, let perMinute)?:
      counters.keyRateLimit += 1
      return GatewayError(.keyRateLimit, "\(perMinute)", retryAfter: seconds)
    case .concurrent(let bound)?:
      counters.keyConcurrencyLimit += 1
      return GatewayError(.keyConcurrencyLimit, "\(bound)")
    }
  }

  /// Everything but what tells whether the router is well, and what it says to this machine.
  private func needsKey(_ downstream: Handle) -> Bool {
    if downstreams[downstream].exchange.method == .options { return false }
    switch downstreams[downstream].exchange.route {
    case .local(.health), .local(.livez), .local(.readyz), .local(.ollamaRoot): return false
    case .local(.metrics): return !seemsLocal(downstream)
    default: return true
    }
  }

  /// It comes from this machine, and calls it by its name, which a web page that was made to come
  /// here can't (DNS rebinding).
  private func seemsLocal(_ downstream: Handle) -> Bool {
    downstreams[downstream].peer.isLoopback && hostError(downstream, scratch.requestHead) == nil
  }

  /// What `Authorization: Bearer` or, as Anthropic's clients do, `x-api-key` has.
  private func shownKey(_ downstream: Handle) -> UnsafeRawBufferPointer? {
    let head = downstreams[downstream].exchange.head
    if let field = scratch.requestTable.first(.authorization) {
      let value = UnsafeRawBufferPointer(rebasing: head[field.value.range])
      guard value.startsInAnyCase("bearer ") else { return nil }
      let token = value.dropFirst(7).drop { $0 == UInt8(ascii: " ") }
      return UnsafeRawBufferPointer(rebasing: token)
    }
    return scratch.requestTable.first(.xAPIKey).map {
      UnsafeRawBufferPointer(rebasing: head[$0.value.range])
    }
  }

  /// Whether a key that allows but some models may ask for this one: as the client has named it,
  /// or the one that it gets without a name.
  mutating func modelKeyError(_ downstream: Handle, _ entry: Int?) -> GatewayError? {
    let named = modelText(downstream)
    var name = Array(named.utf8)
    if name.isEmpty, let entry { name = table.modelName(entry) }
    if name.withUnsafeBytes({ isModelAllowed(downstream, ModelName.canonical($0)) }) { return nil }
    counters.refusedModels += 1
    // Not the name of a model that its client hasn't named: it may not be meant to know it.
    return GatewayError(.modelNotAllowed, named)
  }

  /// Whether the request's key allows but some models.
  func isKeyBound(_ downstream: Handle) -> Bool {
    let key = downstreams[downstream].exchange.key
    return key > 0 && !settings(of: downstream).keys.allowsAll(key)
  }

  /// Whether the request's key, if it has shown one, allows a model.
  ///
  /// - Parameter name: its canonical name.
  func isModelAllowed(_ downstream: Handle, _ name: UnsafeRawBufferPointer) -> Bool {
    let key = downstreams[downstream].exchange.key
    return key == 0 || settings(of: downstream).keys.allows(key, model: name)
  }

  /// The exchange is over.
  mutating func leaveKey(_ downstream: Handle) {
    guard downstreams[downstream].exchange.occupiesKey else { return }
    downstreams[downstream].exchange.occupiesKey = false
    keyAccounts.end(keyNumber(downstream))
  }

  /// The number of the key that an exchange has shown, from 1; 0 without one.
  func keyNumber(_ downstream: Handle) -> Int {
    let place = downstreams[downstream].exchange.key
    return place > 0 ? settings(of: downstream).keys.number(place) : 0
  }
}
