// The decisions of an exchange, without its means: no socket, no clock, no bytes. `Exchange.swift`
// reports what happened and performs what is answered. Copyable and comparable, so that its whole
// table is a test.
//
//   readingBody ──bodyEnded──▶ routing ──chosen──▶ connecting ──connected──▶ sending ──sent──┐
//        │                      ▲   │                  │ lost                 │ lost          ▼
//        │ refused              │   └─exhausted─┐      │                      │           awaiting
//        ▼                      │               │      │                      │      lost │  │ head
//     answering ◀───────────────┼───────────────┘      │                      │           │  ▼
//        │                      └── nothing committed ─┴──────────────────────┴───────────┴ holding
//        │                                                                                   │
//        │                                                            ══ COMMIT ══ content   ▼
//        └─flushed─▶ done ◀─flushed─ ending ◀────────────ended─────────────────────────── streaming
//                     ▲                                                                      │ lost
//                     └─────────────flushed─ aborting ◀──────────────────────────────────────┘

/// What an exchange does next, decided from where it is and what happened.
struct ExchangeMachine: Equatable, Sendable {
  /// Where the exchange is.
  enum Phase: UInt8, CaseIterable, Sendable {
    /// Request bytes are still coming in.
    case readingBody
    /// A candidate is to be chosen.
    case routing
    /// The same backend is asked again in a while.
    case pausing
    /// A connection to the candidate is being made.
    case connecting
    /// The request is going out.
    case sending
    /// The whole request is out; no final response head yet.
    case awaiting
    /// A stream's head is here, its first content isn't.
    case holding
    /// Committed: bytes that can't be taken back are queued to the client.
    case streaming
    /// The response has come whole; the client hasn't got all of it yet.
    case ending
    /// An answer of our own is going out.
    case answering
    /// After COMMIT the backend was lost: what tells the client is going out, then the close.
    case aborting
    /// Over.
    case done
  }

  /// How far one direction has come.
  ///
  /// Both are kept apart: a backend may answer before it has read the request, and a client may be
  /// gone while its answer still comes.
  enum Side: UInt8, Sendable { case open, ended, aborted }

  /// Why a backend is lost.
  enum Loss: UInt8, CaseIterable, Sendable {
    /// No connection: refused, unreachable, timed out. Nothing can have been processed.
    case notConnected
    /// A reused connection closed before a byte of the answer: the backend had let go of it.
    case reusedClosed
    /// Closed or reset after the request went out.
    case closed
    /// It sent what isn't HTTP/1.1, or breaks its framing.
    case malformed
    /// A deadline passed.
    case timedOut
    /// Closed after the event that ends a stream: nothing is missing.
    case afterEndMarker
    /// It answered, but not with a stream, after another one's head went to the client.
    case misfit
  }

  /// What happened.
  enum Event: Equatable, Sendable {
    /// The model is known, and the body is too long to be held: it streams on.
    case modelFound
    /// Part of a streamed body went out that isn't kept: it can't be sent again.
    case consumed
    /// The request has come whole.
    case bodyEnded
    /// The request can't be served, or its body breaks off: an answer of our own is due.
    case refused
    /// A candidate is chosen; `isConnected` when an idle connection is at hand.
    case chosen(isConnected: Bool)
    /// Another model is asked instead, with attempts of its own; lost bodies count on.
    case fellBack
    /// No candidate is left.
    case exhausted
    /// The connection stands.
    case connected
    /// The request's last byte went to the kernel.
    case sent
    /// A final response head came; `holds` when COMMIT waits for content.
    case headArrived(holds: Bool)
    /// What came is a failure that another candidate may do better: a status, or an error inside a
    /// stream before its content. Only reported while `mayMoveOn`, and when somebody is there.
    case rejected
    /// The same, and the same backend is to be asked once more, later.
    case rejectedForNow
    /// The time to ask it again has come.
    case resumed
    /// The first content of a held stream came, or its end marker, or more than may be held.
    case contentArrived
    /// The response ended as it should.
    case ended
    /// The backend is lost.
    case lost(Loss)
    /// The client is gone.
    case clientGone
    /// Everything queued went to the client.
    case flushed
  }

  /// What is to be done.
  enum Action: Equatable, Sendable {
    /// Nothing, but wait.
    case none
    /// Choose a candidate.
    case route
    /// Make a connection.
    case connect
    /// Send the request.
    case send
    /// Wait for the head, with its deadline.
    case awaitHead
    /// Keep head and events back.
    case hold
    /// Send the head and what is held: from here on there is no way back.
    case commit
    /// The response is whole: let go of the backend, flush.
    case finish
    /// The same backend after its pause, or whoever is there by now.
    case askAgain
    /// The same backend again, on a fresh connection.
    case retrySame
    /// Wait before the same backend is asked again.
    case pause
    /// Another candidate.
    case failOver
    /// An answer of our own goes out.
    case answer(Failure)
    /// Tell the client that the answer is cut: the family's frame, then the close.
    case abort
    /// Complete the framing: nothing but framing is missing.
    case complete
    /// Let go of the backend at once; the client is gone.
    case cancel
    /// Release everything.
    case release
    /// This can't happen; a bug.
    case impossible
  }

  /// What an answer of our own says.
  enum Failure: UInt8, Equatable, Sendable {
    /// Whatever refused the request has its own text.
    case refusal
    /// No candidate is usable.
    case noCandidate
    /// Attempts are spent, or nobody else is there; the last backend was lost while it worked.
    case upstreamLost
    /// Two backends were lost on the same request.
    case lostTwice
    /// What came isn't an HTTP response.
    case malformed
    /// The backend took too long; it may still be working.
    case timedOut
    /// The answer doesn't fit the head that the client has.
    case misfit
  }

  private(set) var phase = Phase.readingBody
  private(set) var request = Side.open
  private(set) var response = Side.open
  /// Attempts that have begun.
  private(set) var attempts: UInt8 = 0
  /// Candidates of the model asked now that have failed, in whatever way.
  private(set) var failures: UInt8 = 0
  /// Backends that were lost after the body went out.
  private(set) var bodyLosses: UInt8 = 0
  /// Answers that were put aside for another candidate's.
  private(set) var rejections: UInt8 = 0
  private(set) var lastLoss: Loss?
  /// The whole request is at hand for another attempt.
  private(set) var isReplayable = true
  /// Another model may be asked once this one's backends are spent.
  var hasFallback = false
  /// LIMIT: further candidates after the first, whatever failed there, for each model.
  let furtherCandidates: UInt8

  init(furtherCandidates: Int) {
    self.furtherCandidates = UInt8(clamping: max(0, furtherCandidates))
  }

  /// True once a byte that can't be taken back is queued.
  var isCommitted: Bool {
    switch phase {
    case .streaming, .ending, .aborting: true
    default: false
    }
  }

  /// True while a backend is at work for this exchange.
  var hasAttempt: Bool {
    switch phase {
    case .connecting, .sending, .awaiting, .holding, .streaming: true
    default: false
    }
  }

  /// No candidate of the model can serve the request, however many there are.
  var isModelUnfit = false

  /// True once as many candidates have been asked as may be for one model, or none can help.
  ///
  /// The one at work counts as well: it is the last one, or another may follow it. So the answer
  /// is the same before its failure is reported and after.
  var isModelSpent: Bool {
    let asked = Int(failures) + (hasAttempt ? 1 : 0)
    return isModelUnfit || asked > Int(furtherCandidates)
  }

  /// True while another candidate may be asked.
  var mayMoveOn: Bool { isReplayable && (hasFallback || !isModelSpent) }

  /// Decides.
  mutating func handle(_ event: Event) -> Action {
    switch event {
    case .clientGone: return clientGone()
    case .bodyEnded where phase != .readingBody: return streamedBodyEnded()
    case .refused where hasAttempt && request == .open && !isCommitted:
      request = .aborted
      return answer(.refusal)
    case .consumed:
      guard hasAttempt, request != .aborted else { return .impossible }
      isReplayable = false
      return .none
    default: break
    }
    switch phase {
    case .readingBody: return whileReadingBody(event)
    case .routing: return whileRouting(event)
    case .pausing: return whilePausing(event)
    case .connecting: return whileConnecting(event)
    case .sending, .awaiting, .holding: return beforeCommit(event)
    case .streaming: return whileStreaming(event)
    case .ending, .answering, .aborting: return whileFlushing(event)
    case .done: return .impossible
    }
  }

  // MARK: Phase by phase

  private mutating func whileReadingBody(_ event: Event) -> Action {
    switch event {
    case .bodyEnded:
      request = .ended
      phase = .routing
      return .route
    case .modelFound:
      phase = .routing
      return .route
    case .refused:
      request = .aborted
      return answer(.refusal)
    default: return .impossible
    }
  }

  /// The last byte of a body has come that was routed before.
  private mutating func streamedBodyEnded() -> Action {
    guard request == .open, phase != .done else { return .impossible }
    request = .ended
    return .none
  }

  private mutating func whileRouting(_ event: Event) -> Action {
    switch event {
    case .chosen(let isConnected):
      attempts &+= 1
      phase = isConnected ? .sending : .connecting
      return isConnected ? .send : .connect
    case .fellBack:
      failures = 0
      rejections = 0
      isModelUnfit = false
      return .none
    case .exhausted:
      return answer(bodyLosses > 0 ? .upstreamLost : .noCandidate)
    case .refused: return answer(.refusal)
    default: return .impossible
    }
  }

  private mutating func whilePausing(_ event: Event) -> Action {
    switch event {
    case .resumed:
      phase = .routing
      return .askAgain
    case .refused: return answer(.refusal)
    default: return .impossible
    }
  }

  private mutating func whileConnecting(_ event: Event) -> Action {
    switch event {
    case .connected:
      phase = .sending
      return .send
    case .lost(.notConnected):
      return afterConnectFailure()
    case .lost(.timedOut):
      // The router's own end: a connect that takes too long is `notConnected`.
      lastLoss = .timedOut
      return answer(.timedOut)
    default: return .impossible
    }
  }

  private mutating func beforeCommit(_ event: Event) -> Action {
    switch (event, phase) {
    case (.sent, .sending):
      phase = .awaiting
      return .awaitHead
    case (.sent, .holding):
      return .none
    case (.headArrived(let holds), .sending), (.headArrived(let holds), .awaiting):
      phase = holds ? .holding : .streaming
      return holds ? .hold : .commit
    case (.rejected, _):
      guard mayMoveOn else { return .impossible }
      failures &+= 1
      rejections &+= 1
      phase = .routing
      return .failOver
    case (.rejectedForNow, _):
      guard isReplayable, !isModelSpent else { return .impossible }
      failures &+= 1
      rejections &+= 1
      phase = .pausing
      return .pause
    case (.contentArrived, .holding):
      phase = .streaming
      return .commit
    case (.ended, .holding):
      // A stream that ends without content is an answer too.
      phase = .streaming
      return .commit
    case (.lost(.notConnected), _), (.lost(.reusedClosed), .holding): return .impossible
    case (.lost(let loss), _):
      return afterLoss(loss)
    default: return .impossible
    }
  }

  private mutating func whileStreaming(_ event: Event) -> Action {
    switch event {
    case .sent: return .none
    case .ended:
      response = .ended
      phase = .ending
      return .finish
    case .lost(.afterEndMarker):
      response = .ended
      phase = .ending
      return .complete
    case .lost(let loss):
      lastLoss = loss
      response = .aborted
      phase = .aborting
      return .abort
    default: return .impossible
    }
  }

  private mutating func whileFlushing(_ event: Event) -> Action {
    guard event == .flushed else { return .impossible }
    phase = .done
    return .release
  }

  // MARK: Failure

  private mutating func answer(_ failure: Failure) -> Action {
    phase = .answering
    response = .ended
    return .answer(failure)
  }

  private mutating func afterConnectFailure() -> Action {
    lastLoss = .notConnected
    let isLast = !mayMoveOn
    failures &+= 1
    guard !isLast else { return answer(.noCandidate) }
    phase = .routing
    return .failOver
  }

  private mutating func afterLoss(_ loss: Loss) -> Action {
    lastLoss = loss
    switch loss {
    case .notConnected: return .impossible
    case .reusedClosed where !isReplayable:
      return answer(.upstreamLost)
    case .reusedClosed:
      // It can't have been processed: the backend closed before it read. A fresh connection can't
      // end so, hence this happens once per candidate.
      phase = .routing
      return .retrySame
    case .closed, .afterEndMarker:
      // A prompt that crashes engines must not empty the fleet: once more, and no further.
      let isLast = !mayMoveOn
      failures &+= 1
      bodyLosses &+= 1
      guard bodyLosses < 2 else { return answer(.lostTwice) }
      guard !isLast else { return answer(.upstreamLost) }
      phase = .routing
      return .failOver
    case .malformed:
      return answer(.malformed)
    case .timedOut:
      return answer(.timedOut)
    case .misfit:
      return answer(.misfit)
    }
  }

  private mutating func clientGone() -> Action {
    let hadAttempt = hasAttempt
    if phase == .done { return .impossible }
    if request == .open { request = .aborted }
    // Whatever is queued, a phase that hasn't ended says that the client hasn't got all of it.
    response = .aborted
    phase = .done
    return hadAttempt ? .cancel : .release
  }
}
