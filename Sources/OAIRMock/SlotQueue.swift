import OAIRReactor

/// Which requests generate, and which wait for their turn, first come first served.
struct SlotQueue {
  private let capacity: Int
  private var busy = 0
  private var waiting: [Handle] = []

  /// Makes a queue.
  ///
  /// - Parameter capacity: how many generate at one time.
  init(capacity: Int) { self.capacity = capacity }

  /// Requests that generate or wait.
  var inFlight: Int { busy + waiting.count }

  /// How many wait.
  var waitingCount: Int { waiting.count }

  /// Takes a slot if one is free and nobody was there before.
  mutating func take() -> Bool {
    guard busy < capacity, waiting.isEmpty else { return false }
    busy += 1
    return true
  }

  /// Waits for a slot.
  mutating func join(_ handle: Handle) { waiting.append(handle) }

  /// Waits no more.
  mutating func leave(_ handle: Handle) { waiting.removeAll { $0 == handle } }

  /// Gives a slot back.
  ///
  /// - Returns: who has it now; nil: nobody waits.
  mutating func release() -> Handle? {
    busy -= 1
    guard busy < capacity, !waiting.isEmpty else { return nil }
    busy += 1
    return waiting.removeFirst()
  }
}
