import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// Models that stand for others: an alias's requests name what is served for it, and when a model's
// backends are spent before COMMIT, its fallbacks are asked in their order.

extension Proxy {
  /// Keeps where the request goes, and has it name the model of that entry.
  ///
  /// - Parameter entry: what was asked for, in the newest table; nil for the default backend.
  mutating func setDestination(_ downstream: Handle, asked entry: Int?) {
    downstreams[downstream].exchange.routedBy = table.generation
    guard let entry else {
      downstreams[downstream].exchange.askedEntry = -1
      downstreams[downstream].exchange.destination = .defaultBackend
      downstreams[downstream].exchange.machine.hasFallback = false
      return
    }
    let stage = downstreams[downstream].exchange.fallback
    let count = table.fallbackCount(entry)
    downstreams[downstream].exchange.askedEntry = entry
    downstreams[downstream].exchange.series = table.series(entry)
    downstreams[downstream].exchange.machine.hasFallback = stage < count
    let isFallback = stage > 0 && stage <= count
    downstreams[downstream].exchange.destination =
      .entry(isFallback ? table.fallback(entry, stage - 1) : entry)
  }

  /// The table doesn't have the model any more.
  mutating func loseDestination(_ downstream: Handle) {
    downstreams[downstream].exchange.routedBy = table.generation
    downstreams[downstream].exchange.askedEntry = -1
    downstreams[downstream].exchange.destination = .gone
    downstreams[downstream].exchange.machine.hasFallback = false
  }

  /// Has the request name the model of an alias, or of a fallback.
  mutating func nameServedModel(_ downstream: Handle) {
    guard case .entry(let entry) = destination(downstream) else { return }
    let isFallback = downstreams[downstream].exchange.fallback > 0
    guard isFallback || table.isAlias(entry),
      downstreams[downstream].exchange.modelRange != nil
    else { return }
    let name = table.servedName(entry) ?? table.modelName(entry)
    let asked = downstreams[downstream].exchange.askedModel ?? Array(modelText(downstream).utf8)
    counters.rewrittenModels += 1
    let spelled =
      downstreams[downstream].exchange.peek.isJSON
      ? JSONWriter.insideOfString(name) : name
    downstreams[downstream].exchange.nameModel(spelled, asked: asked)
  }

  /// Goes on to the next of the model's fallbacks that has a backend to ask.
  ///
  /// - Returns: false when no fallback is left; nothing has changed then.
  mutating func fallBack(_ downstream: Handle) -> Bool {
    guard let stage = nextFallback(downstream, mayWait: true) else { return false }
    counters.fallbacks += 1
    enterFallback(downstream, stage)
    step(downstream, .fellBack)
    nameServedModel(downstream)
    return true
  }

  /// Whether somebody is left who could be asked at once, for this model or one in its place.
  mutating func hasNextCandidate(_ downstream: Handle) -> Bool {
    let isSpent = downstreams[downstream].exchange.machine.isModelSpent
    if !isSpent, hasCandidate(downstream) { return true }
    return nextFallback(downstream, mayWait: false) != nil
  }

  /// Which fallback has a candidate, counted from 1.
  ///
  /// - Parameter mayWait: whether, if no other one has, one will do whose candidates are all busy.
  private mutating func nextFallback(_ downstream: Handle, mayWait: Bool) -> Int? {
    // Looked up anew, should the table have changed.
    _ = destination(downstream)
    let entry = downstreams[downstream].exchange.askedEntry
    let current = downstreams[downstream].exchange.fallback
    guard entry >= 0, current < table.fallbackCount(entry), canNameModel(downstream) else {
      return nil
    }
    let tried = downstreams[downstream].exchange.tried
    defer {
      downstreams[downstream].exchange.tried = tried
      downstreams[downstream].exchange.fallback = current
      setDestination(downstream, asked: entry)
    }
    var busy: Int?
    for stage in (current + 1)...table.fallbackCount(entry) {
      downstreams[downstream].exchange.tried.beginModel()
      downstreams[downstream].exchange.fallback = stage
      setDestination(downstream, asked: entry)
      switch candidateChoice(downstream, isLook: true) {
      case .chosen: return stage
      case .full: if mayWait, busy == nil { busy = stage }
      case .none: continue
      }
    }
    return busy
  }

  /// Another model can be asked for: one was named, once, in a body or in a tunnel's query.
  private func canNameModel(_ downstream: Handle) -> Bool {
    if downstreams[downstream].exchange.isModelRepeated { return false }
    return downstreams[downstream].exchange.isTunnel
      ? downstreams[downstream].exchange.askedModel != nil
      : downstreams[downstream].exchange.modelRange != nil
  }

  private mutating func enterFallback(_ downstream: Handle, _ stage: Int) {
    downstreams[downstream].exchange.tried.beginModel()
    downstreams[downstream].exchange.fallback = stage
    let entry = downstreams[downstream].exchange.askedEntry
    setDestination(downstream, asked: entry)
  }

  // MARK: Prompts that are too long

  /// Looks at a 400 that may say that the prompt doesn't fit the model's context: another model's
  /// may be larger.
  ///
  /// - Parameter bytes: the answer as far as it has come, from its head on.
  /// - Returns: true when nothing is to be done with the answer: it isn't whole yet, or another
  ///   model is asked.
  mutating func takesContextForTooShort(
    _ upstream: Handle,
    _ downstream: Handle,
    _ head: ResponseHead,
    _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    guard head.status == 400, downstreams[downstream].exchange.machine.hasFallback,
      downstreams[downstream].exchange.isRepeatable
    else { return false }
    switch errorBody(upstream, head, bytes) {
    case .unreadable: return false
    case .partial:
      awaitErrorBody(upstream, bytes)
      return true
    case .whole(let body):
      guard body.withUnsafeBytes({ ContextLengthError.isOne($0) }) else { return false }
    }
    downstreams[downstream].exchange.machine.isModelUnfit = true
    if moveOn(upstream, downstream, .status(400), isPaid: false) == .moved { return true }
    downstreams[downstream].exchange.machine.isModelUnfit = false
    return false
  }
}
