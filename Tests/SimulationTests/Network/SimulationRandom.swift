/// The one source of chance of a run: the same seed makes the same run, on every machine.
///
/// A tape, where there is one, makes the choices first, a byte or two for each: that is how a
/// fuzzer decides what happens. How long a system call takes is left to the seed.
struct SimulationRandom: RandomNumberGenerator {
  private var state: UInt64
  private var tape: ArraySlice<UInt8>

  init(seed: UInt64, tape: ArraySlice<UInt8> = []) {
    self.tape = tape
    state = seed &* 0x9e37_79b9_7f4a_7c15 ^ 0x6a09_e667_f3bc_c909
    for _ in 0..<4 { _ = next() }
  }

  /// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
  mutating func next() -> UInt64 {
    if state == 0 { state = 0xbb67_ae85_84ca_a73b }
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_f491_4f6c_dd1d
  }

  /// A number in 0 ..< bound.
  mutating func below(_ bound: Int) -> Int {
    guard let first = tape.popFirst() else { return noise(below: bound) }
    guard bound > 256, let second = tape.popFirst() else { return Int(first) % max(1, bound) }
    return (Int(first) << 8 | Int(second)) % bound
  }

  /// A number in 0 ..< bound that no tape chooses.
  mutating func noise(below bound: Int) -> Int {
    Int(truncatingIfNeeded: (next() >> 16) % UInt64(max(1, bound)))
  }

  /// A number of the range, each as likely.
  mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// True so many times in a thousand.
  mutating func chance(_ perMille: Int) -> Bool {
    guard tape.isEmpty || perMille > 0 else { return false }
    return below(1000) < perMille
  }

  /// One of some.
  mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

  /// Nanoseconds, given microseconds.
  mutating func time(_ microseconds: ClosedRange<Int>) -> UInt64 {
    UInt64(within(microseconds)) * 1000 + UInt64(noise(below: 1000))
  }
}
