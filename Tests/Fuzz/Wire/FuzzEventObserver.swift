import OAIRWire

/// The observer of streamed answers: however a payload is cut into pieces, the same is seen in it.
///
/// Input: a byte for the family and whether it is committed, two that choose the cuts, the payload.
struct FuzzEventObserver {
  static var target: FuzzTarget {
    FuzzTarget("event-observer") { input, memory in
      guard input.count >= 3 else { return }
      let payload = Array(input.dropFirst(3))
      let run = FuzzEventObserver(
        family: WireFamily(rawValue: input[0] % 6) ?? .opaque,
        payload: payload,
        // What is kept of a split line is bounded then: only shorter lines are judged alike.
        isCommitted: input[0] & 0x80 != 0 && payload.count <= EventObserver.committedLineLimit,
        memory: memory
      )
      run.check(cut: Int(input[1]) << 8 | Int(input[2]), step: Int(input[2]) % 7 + 1)
    }
  }

  private struct Sighting: Equatable {
    var boundary = 0
    var flags: [Bool]
    var counts: [Int]
    var numbers: [Int?]
  }

  let family: WireFamily
  let payload: [UInt8]
  let isCommitted: Bool
  let memory: GuardedCopy

  private func sighting(_ cuts: some Sequence<Int>) -> Sighting {
    var observer = EventObserver(family: family)
    if isCommitted { observer.commit() }
    var boundary = 0
    var start = 0
    for end in Array(cuts) + [payload.count] where end >= start {
      let length = end - start
      let found = memory.with(planted(payload[start..<end])) { observer.observe($0) }
      if let found {
        require((1...length).contains(found), "a boundary lies within the piece")
        boundary = start + found
        if found == length { require(observer.isAtBoundary, "it is at the boundary") }
      }
      start = end
    }
    require(observer.contentEventCount <= observer.eventCount, "content comes in events")
    require(observer.hasContent || observer.contentEventCount == 0, "such events are content")
    require(observer.hasError || !observer.hasErrorBeforeContent, "an early error is an error")
    require(observer.isAtBoundary == (boundary == payload.count), "at the end, at a boundary")
    return Sighting(
      boundary: boundary,
      flags: [
        observer.isAtBoundary, observer.hasContent, observer.hasEndMarker, observer.hasError,
        observer.hasErrorBeforeContent,
      ],
      counts: [observer.eventCount, observer.contentEventCount, observer.commentCount],
      numbers: [observer.inputTokens, observer.outputTokens, observer.errorStatus]
    )
  }

  /// The bytes, but for a bug that is made on purpose: a VT ends a line.
  private func planted(_ piece: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    #if PLANTED_BUG
      var piece = piece
      for index in piece.indices.dropFirst() where piece[index] == 11 {
        if piece[index - 1] == 10 { piece[index] = 10 }
      }
      return piece
    #else
      return piece
    #endif
  }

  private func check(cut: Int, step: Int) {
    let whole = sighting([])
    let cut = cut % (payload.count + 1)
    require(sighting([cut]) == whole, "cut at \(cut)")
    let steps = stride(from: 0, through: payload.count, by: step)
    require(sighting(steps) == whole, "in pieces of \(step)")
    guard family != .opaque else { return }
    let reference = ReferenceEvents(payload, isLines: family == .ollama)
    require(whole.boundary == reference.boundary, "a boundary, but at \(reference.boundary)")
    require(whole.counts[0] == reference.events, "there are \(reference.events) events")
    require(whole.counts[2] == reference.comments, "there are \(reference.comments) comments")
  }
}
