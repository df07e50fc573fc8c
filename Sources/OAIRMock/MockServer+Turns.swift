import OAIRReactor

// Whose turn it is: slots, and the models that are loaded first.

extension MockServer {
  /// Answers when it is the request's turn and so much time has passed since.
  mutating func schedule(
    _ handle: Handle,
    after time: Duration,
    _ pending: MockConnection.Pending
  ) {
    guard connections[handle].route.isGenerated else {
      return wait(handle, for: time, then: pending)
    }
    if slots.take() {
      connections[handle].turn = .held
      return wait(handle, for: time, then: pending)
    }
    guard slots.waitingCount < options.queueLimit else {
      let document = engine.document(.overloaded, on: connections[handle].route)
      return wait(handle, for: .zero, then: .document(document, nil))
    }
    shared.counters.queuedRequests.increment()
    slots.join(handle)
    connections[handle].turn = .queued
    connections[handle].delay = time
    if case .stream(let script, let breakPoint) = pending, time == .zero,
      options.personality.answersWhileQueued
    {
      return beginStream(handle, script, breakPoint)
    }
    connections[handle].phase = .waiting
    connections[handle].pending = pending
    if isPeerGone(handle) { abandon(handle) }
  }

  /// A request is over, however: the next one that waits has its turn.
  mutating func releaseTurn(_ turn: MockConnection.Turn, of handle: Handle) {
    switch turn {
    case .none: return
    case .queued: slots.leave(handle)
    case .held:
      var next = slots.release()
      while let granted = next, !connections.contains(granted) { next = slots.release() }
      if let next { begin(next) }
    }
  }

  private mutating func begin(_ handle: Handle) {
    connections[handle].turn = .held
    switch connections[handle].phase {
    case .streaming:
      let firstToken = firstTokenTime
      connections[handle].stream?.firstToken = firstToken
      wake(handle, at: reactor.now)
    case .waiting: wake(handle, at: reactor.now &+ connections[handle].delay.nanoseconds)
    case .readingHead, .readingBody, .flushing, .silent, .lingering: break
    }
  }

  /// What the engine has to know; notes a model that is loaded from now on.
  mutating func engineState(for request: MockRequest) -> MockEngine.State {
    var state = MockEngine.State()
    state.isLoading = reactor.now < readyAt
    state.inFlight = slots.inFlight
    state.statistics = shared.counters.snapshot
    guard options.personality.loading == .insideRequest else { return state }
    state.isLoading = false
    if let (route, wanted) = engine.wanted(by: request), route != .ollamaShow,
      let model = wanted.model.flatMap({ engine.served($0) })
    {
      let loadedAt = loads[model] ?? reactor.now &+ options.loadTime.nanoseconds
      loads[model] = loadedAt
      if loadedAt > reactor.now { state.loadTime = .nanoseconds(loadedAt - reactor.now) }
    }
    state.loaded = options.models.filter { (loads[$0] ?? .max) <= reactor.now }
    return state
  }
}
