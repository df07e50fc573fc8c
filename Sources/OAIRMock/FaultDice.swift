import Synchronization

// Owns the backend's standing fault and the dice of its rate. Drawn from on the backend's thread,
// replaced from any: a fault that is set before a request is sent concerns that request for sure.

/// Decides which request meets the standing fault.
final class FaultDice: Sendable {
  private struct State {
    var fault: MockFault?
    var left: Int
    var random: SplitMix64

    mutating func roll(_ fault: MockFault) -> MockFault.Kind? {
      guard fault.rate >= 1 || Double.random(in: 0..<1, using: &random) < fault.rate else {
        return nil
      }
      return fault.kind
    }
  }

  private let state: Mutex<State>

  init(_ fault: MockFault?, seed: UInt64) {
    state = Mutex(
      State(fault: fault, left: fault?.times ?? .max, random: SplitMix64(seed: seed))
    )
  }

  func replace(_ fault: MockFault?) {
    state.withLock { state in
      state.fault = fault
      state.left = fault?.times ?? .max
    }
  }

  /// The fault of one request.
  ///
  /// - Parameters:
  ///   - target: what kind of request it is; nil: none that has a name.
  ///   - path: its path.
  func draw(_ target: MockFault.Target?, path: String) -> MockFault.Kind? {
    state.withLock { state in
      guard let fault = state.fault, state.left > 0 else { return nil }
      let isMeant = target != nil && (fault.target == .all || fault.target == target)
      guard isMeant || fault.target == .path(path) else { return nil }
      guard let kind = state.roll(fault) else { return nil }
      if fault.times != nil { state.left -= 1 }
      return kind
    }
  }

  /// The fault that came with a request, if its rate lets it strike; its target and its count are
  /// for standing faults.
  func roll(_ fault: MockFault) -> MockFault.Kind? {
    state.withLock { $0.roll(fault) }
  }
}

/// A small generator with a seed, so that a run can be repeated (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
