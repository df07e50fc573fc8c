/// An engine's version, such as `0.12.6` or `0.13.0-rc1`.
public struct EngineVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// As the engine wrote it.
  public let description: String
  private let numbers: [Int]
  private let isFinal: Bool

  /// LIMIT: bytes of a version; longer texts are none.
  public static let limit = 64

  /// Reads a version.
  ///
  /// - Parameter text: numbers with dots between them, then anything; a `v` may stand in front.
  /// - Returns: nil when it has no number, is longer than `limit` bytes, or has other characters
  ///   than letters, digits and `.+-_`.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.limit,
      text.utf8.allSatisfy({
        switch $0 {
        case 48...57, 65...90, 97...122, 0x2b, 0x2d, 0x2e, 0x5f: true
        default: false
        }
      })
    else { return nil }
    var rest = text[...]
    if rest.hasPrefix("v") { rest = rest.dropFirst() }
    var numbers: [Int] = []
    while let number = Self.takeNumber(&rest) {
      numbers.append(number)
      guard rest.hasPrefix(".") else { break }
      rest = rest.dropFirst()
    }
    guard !numbers.isEmpty else { return nil }
    while numbers.count > 1, numbers.last == 0 { numbers.removeLast() }
    description = text
    self.numbers = numbers
    // What follows a minus comes before the version itself: 0.13.0-rc1 before 0.13.0.
    isFinal = !rest.hasPrefix("-")
  }

  private static func takeNumber(_ text: inout Substring) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
    guard !digits.isEmpty, let number = Int(digits) else { return nil }
    text = text.dropFirst(digits.count)
    return number
  }

  /// Orders by the numbers; a preliminary version comes before its final one.
  public static func < (a: EngineVersion, b: EngineVersion) -> Bool {
    if a.numbers != b.numbers { return a.numbers.lexicographicallyPrecedes(b.numbers) }
    if a.isFinal != b.isFinal { return b.isFinal }
    return a.description < b.description
  }
}
