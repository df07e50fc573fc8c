import Testing

@testable import OAIRProxy

struct ExchangeMachineTests {
  private typealias Machine = ExchangeMachine

  /// Every event, with every variant.
  private static let events: [Machine.Event] =
    [
      .bodyEnded, .refused, .chosen(isConnected: false), .chosen(isConnected: true), .exhausted,
      .connected, .sent, .headArrived(holds: false), .headArrived(holds: true), .contentArrived,
      .rejected, .modelFound, .consumed, .fellBack, .rejectedForNow, .resumed,
      .ended, .clientGone, .flushed,
    ] + Machine.Loss.allCases.map { .lost($0) }

  /// A machine that has come to a phase by events.
  private static func machine(in phase: Machine.Phase, candidates: Int = 2) -> Machine {
    var machine = Machine(furtherCandidates: candidates)
    let toRouting: [Machine.Event] = [.bodyEnded]
    let toSending = toRouting + [.chosen(isConnected: true)]
    let toAwaiting = toSending + [.sent]
    let path: [Machine.Event] =
      switch phase {
      case .readingBody: []
      case .routing: toRouting
      case .pausing: toAwaiting + [.rejectedForNow]
      case .connecting: toRouting + [.chosen(isConnected: false)]
      case .sending: toSending
      case .awaiting: toAwaiting
      case .holding: toAwaiting + [.headArrived(holds: true)]
      case .streaming: toAwaiting + [.headArrived(holds: false)]
      case .ending: toAwaiting + [.headArrived(holds: false), .ended]
      case .answering: [.refused]
      case .aborting: toAwaiting + [.headArrived(holds: false), .lost(.closed)]
      case .done: [.refused, .flushed]
      }
    for event in path { _ = machine.handle(event) }
    #expect(machine.phase == phase)
    return machine
  }

  /// What is expected; everything that isn't in here is impossible.
  private static func expected(_ phase: Machine.Phase, _ event: Machine.Event) -> Machine.Action {
    if event == .clientGone {
      switch phase {
      case .connecting, .sending, .awaiting, .holding, .streaming: return .cancel
      case .done: return .impossible
      default: return .release
      }
    }
    switch (phase, event) {
    case (.readingBody, .bodyEnded), (.readingBody, .modelFound): return .route
    case (.pausing, .resumed): return .askAgain
    case (.sending, .rejectedForNow), (.awaiting, .rejectedForNow), (.holding, .rejectedForNow):
      return .pause
    case (.readingBody, .refused), (.routing, .refused), (.pausing, .refused):
      return .answer(.refusal)
    case (.routing, .chosen(isConnected: false)): return .connect
    case (.routing, .chosen(isConnected: true)), (.connecting, .connected): return .send
    case (.routing, .fellBack): return .none
    case (.routing, .exhausted): return .answer(.noCandidate)
    case (.connecting, .lost(.notConnected)): return .failOver
    case (.connecting, .lost(.timedOut)): return .answer(.timedOut)
    case (.connecting, .lost): return .impossible
    case (.holding, .lost(.reusedClosed)): return .impossible
    case (.connecting, .consumed), (.sending, .consumed), (.awaiting, .consumed),
      (.holding, .consumed), (.streaming, .consumed):
      return .none
    case (.sending, .sent): return .awaitHead
    case (.holding, .sent), (.streaming, .sent): return .none
    case (.sending, .headArrived(let holds)), (.awaiting, .headArrived(let holds)):
      return holds ? .hold : .commit
    case (.sending, .rejected), (.awaiting, .rejected), (.holding, .rejected): return .failOver
    case (.holding, .contentArrived), (.holding, .ended): return .commit
    case (.sending, .lost(let loss)), (.awaiting, .lost(let loss)), (.holding, .lost(let loss)):
      return beforeCommit(loss)
    case (.streaming, .ended): return .finish
    case (.streaming, .lost(.afterEndMarker)): return .complete
    case (.streaming, .lost): return .abort
    case (.ending, .flushed), (.answering, .flushed), (.aborting, .flushed): return .release
    default: return .impossible
    }
  }

  private static func beforeCommit(_ loss: Machine.Loss) -> Machine.Action {
    switch loss {
    case .notConnected: .impossible
    case .closed, .afterEndMarker: .failOver
    case .reusedClosed: .retrySame
    case .malformed: .answer(.malformed)
    case .timedOut: .answer(.timedOut)
    case .misfit: .answer(.misfit)
    }
  }

  @Test(arguments: Machine.Phase.allCases)
  func `every event in every phase leads where the table says`(phase: ExchangeMachine.Phase) {
    for event in Self.events {
      var machine = Self.machine(in: phase)
      let action = machine.handle(event)
      #expect(action == Self.expected(phase, event), "\(event) in \(phase)")
    }
  }

  @Test func `a prompt that kills its engine gets two of them at most`() {
    var machine = Self.machine(in: .awaiting, candidates: 7)
    let first = machine.handle(.lost(.closed))
    #expect(first == .failOver)
    _ = machine.handle(.chosen(isConnected: true))
    _ = machine.handle(.sent)
    let second = machine.handle(.lost(.closed))
    #expect(second == .answer(.lostTwice))
  }

  @Test func `answers are put aside for as many candidates as were allowed`() {
    var machine = Self.machine(in: .awaiting, candidates: 2)
    for _ in 0..<2 {
      #expect(machine.mayMoveOn)
      let action = machine.handle(.rejected)
      #expect(action == .failOver)
      _ = machine.handle(.chosen(isConnected: true))
      _ = machine.handle(.sent)
    }
    #expect(!machine.mayMoveOn)
    #expect(machine.rejections == 2)
  }

  @Test func `every kind of failure draws on the same number of candidates`() {
    var machine = Self.machine(in: .routing, candidates: 2)
    _ = machine.handle(.chosen(isConnected: false))
    let first = machine.handle(.lost(.notConnected))
    _ = machine.handle(.chosen(isConnected: true))
    _ = machine.handle(.sent)
    let second = machine.handle(.rejected)
    #expect(first == .failOver && second == .failOver)
    #expect(machine.mayMoveOn)
    _ = machine.handle(.chosen(isConnected: false))
    #expect(!machine.mayMoveOn)
    let third = machine.handle(.lost(.notConnected))
    #expect(third == .answer(.noCandidate))
  }

  /// How many attempts a model gets when each fails in its way, told by who chooses: it asks before
  /// each whether the model is spent.
  private static func attempts(allowing candidates: Int, _ failures: [Machine.Event]) -> Int {
    var machine = Machine(furtherCandidates: candidates)
    _ = machine.handle(.bodyEnded)
    for (count, failure) in failures.enumerated() {
      if machine.isModelSpent { return count }
      let isConnecting = failure == .lost(.notConnected)
      _ = machine.handle(.chosen(isConnected: !isConnecting))
      let mayMoveOn = machine.mayMoveOn
      #expect(mayMoveOn == (count < candidates))
      // What fails as the last isn't put aside.
      if failure == .rejected, !mayMoveOn { return count + 1 }
      let action = machine.handle(failure)
      let isLast = count == candidates
      #expect((action == .failOver) == !isLast, "\(failure) as attempt \(count + 1)")
      // Before and after the failure is counted, the model is spent or it isn't.
      #expect(machine.isModelSpent == !mayMoveOn)
    }
    return failures.count
  }

  @Test(arguments: 0...3)
  func `one first attempt and as many further ones as were allowed are made`(candidates: Int) {
    let refused = Machine.Event.lost(.notConnected)
    let sequences: [[Machine.Event]] = [
      [refused, refused, refused, refused, refused],
      [.rejected, .rejected, .rejected, .rejected, .rejected],
      [.lost(.closed), .rejected, refused, .rejected, refused],
      [.rejected, .lost(.closed), .rejected, refused, .rejected],
      [refused, .rejected, .lost(.closed), refused, .rejected],
    ]
    for failures in sequences {
      #expect(Self.attempts(allowing: candidates, failures) == candidates + 1)
    }
  }

  @Test func `refused connects go on for as many candidates as were allowed`() {
    var machine = Self.machine(in: .routing, candidates: 2)
    var actions: [Machine.Action] = []
    for _ in 0..<3 {
      _ = machine.handle(.chosen(isConnected: false))
      actions.append(machine.handle(.lost(.notConnected)))
    }
    #expect(actions == [.failOver, .failOver, .answer(.noCandidate)])
  }

  @Test func `without further candidates a loss is answered at once`() {
    var machine = Self.machine(in: .awaiting, candidates: 0)
    let action = machine.handle(.lost(.closed))
    #expect(action == .answer(.upstreamLost))
  }

  @Test(arguments: [ExchangeMachine.Phase.streaming, .ending, .aborting])
  func `behind COMMIT there is no way back`(phase: ExchangeMachine.Phase) {
    for event in Self.events {
      var machine = Self.machine(in: phase)
      #expect(machine.isCommitted)
      switch machine.handle(event) {
      case .failOver, .retrySame, .route, .answer: Issue.record("\(event) in \(phase)")
      default: break
      }
    }
  }

  /// A machine whose body streams on while an attempt is under way.
  private static func streaming(in phase: Machine.Phase) -> Machine {
    var machine = Machine(furtherCandidates: 2)
    var path: [Machine.Event] = [.modelFound, .chosen(isConnected: phase != .connecting)]
    if phase == .holding { path.append(.headArrived(holds: true)) }
    if phase == .streaming { path.append(.headArrived(holds: false)) }
    for event in path { _ = machine.handle(event) }
    #expect(machine.phase == phase && machine.request == .open)
    return machine
  }

  @Test(arguments: [ExchangeMachine.Phase.connecting, .sending, .holding, .streaming])
  func `a body that streams on may end at any time`(phase: ExchangeMachine.Phase) {
    var machine = Self.streaming(in: phase)
    let action = machine.handle(.bodyEnded)
    #expect(action == .none && machine.request == .ended && machine.phase == phase)
    let again = machine.handle(.bodyEnded)
    #expect(again == .impossible)
  }

  @Test(arguments: [ExchangeMachine.Phase.connecting, .sending, .holding])
  func `a body that breaks off before COMMIT is answered`(phase: ExchangeMachine.Phase) {
    var machine = Self.streaming(in: phase)
    let action = machine.handle(.refused)
    #expect(action == .answer(.refusal) && machine.request == .aborted)
  }

  @Test func `what went out and isn't kept can't be sent again`() {
    var machine = Self.streaming(in: .sending)
    #expect(machine.mayMoveOn)
    _ = machine.handle(.consumed)
    #expect(!machine.mayMoveOn)
    let lost = machine.handle(.lost(.closed))
    #expect(lost == .answer(.upstreamLost))
    var reused = Self.streaming(in: .sending)
    _ = reused.handle(.consumed)
    let stale = reused.handle(.lost(.reusedClosed))
    #expect(stale == .answer(.upstreamLost))
  }

  @Test func `another model has attempts of its own, but lost bodies count on`() {
    var machine = Self.machine(in: .awaiting, candidates: 1)
    machine.hasFallback = true
    #expect(!machine.isModelSpent)
    _ = machine.handle(.lost(.closed))
    #expect(!machine.isModelSpent && machine.mayMoveOn)
    _ = machine.handle(.fellBack)
    machine.hasFallback = false
    _ = machine.handle(.chosen(isConnected: true))
    #expect(machine.mayMoveOn)
    let second = machine.handle(.lost(.closed))
    #expect(second == .answer(.lostTwice))
    var rejected = Self.machine(in: .awaiting, candidates: 1)
    rejected.hasFallback = true
    _ = rejected.handle(.rejected)
    _ = rejected.handle(.fellBack)
    rejected.hasFallback = false
    #expect(!rejected.isModelSpent && rejected.mayMoveOn)
  }

  @Test func `a model that can't serve the request is spent, and another one isn't`() {
    var machine = Self.machine(in: .awaiting)
    machine.isModelUnfit = true
    #expect(machine.isModelSpent && !machine.mayMoveOn)
    machine.hasFallback = true
    #expect(machine.mayMoveOn)
    _ = machine.handle(.rejected)
    _ = machine.handle(.fellBack)
    #expect(!machine.isModelSpent)
  }

  @Test func `both directions are told apart`() {
    var machine = Self.machine(in: .sending)
    _ = machine.handle(.headArrived(holds: false))
    #expect(machine.request == .ended && machine.response == .open)
    _ = machine.handle(.clientGone)
    #expect(machine.response == .aborted && machine.phase == .done)
  }
}
