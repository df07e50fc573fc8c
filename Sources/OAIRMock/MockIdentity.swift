import Glibc

/// Where ids and times come from: plausible ones, or constants for answers that can be compared
/// byte by byte.
///
/// Owned by the backend's thread.
struct MockIdentity {
  private static let alphabet = Array(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
  )
  /// 2023-11-14 22:13:20 UTC.
  private static let constantTime = 1_700_000_000

  private let isReproducible: Bool
  private var random: SplitMix64

  init(isReproducible: Bool, seed: UInt64) {
    self.isReproducible = isReproducible
    random = SplitMix64(seed: seed)
  }

  /// Seconds since 1970.
  var seconds: Int { isReproducible ? Self.constantTime : time(nil) }

  /// Letters and digits, in the manner of OpenAI and llama.cpp.
  mutating func letters(_ count: Int) -> String { text(count, of: Self.alphabet.count) }

  /// Hexadecimal digits, in the manner of vLLM.
  mutating func hexadecimal(_ count: Int) -> String { text(count, of: 16) }

  /// Decimal digits, in the manner of Ollama.
  mutating func digits(_ count: Int) -> String { text(count, of: 10) }

  private mutating func text(_ count: Int, of symbols: Int) -> String {
    if isReproducible { return String((0..<count).map { Self.alphabet[$0 % symbols] }) }
    return String(
      (0..<count).map { _ in Self.alphabet[Int.random(in: 0..<symbols, using: &random)] }
    )
  }
}
