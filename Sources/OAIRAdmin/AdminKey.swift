import Glibc

/// The secret that administrators show, as `Authorization: Bearer …`.
public struct AdminKey: Sendable, Equatable {
  /// The fewest bytes of a key.
  public static let shortest = 16
  /// The most bytes of a key.
  public static let longest = 512

  private let bytes: [UInt8]

  /// Takes a key.
  ///
  /// - Parameter text: 16 to 512 visible ASCII characters.
  /// - Returns: nil for any other text.
  public init?(_ text: String) {
    bytes = Array(text.utf8)
    guard (Self.shortest...Self.longest).contains(bytes.count),
      bytes.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return nil }
  }

  /// Reads the `Authorization` field's value.
  ///
  /// The time that it takes tells the length of what was shown, and nothing of the key.
  func isShown(by value: UnsafeRawBufferPointer) -> Bool {
    let scheme = "bearer "
    guard value.count > scheme.utf8.count,
      zip(value, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
    else { return false }
    let shown = value.dropFirst(scheme.utf8.count).drop { $0 == UInt8(ascii: " ") }
    var difference = UInt8(shown.count == bytes.count ? 0 : 1)
    for (index, byte) in shown.enumerated() { difference |= byte ^ bytes[index % bytes.count] }
    return difference == 0
  }
}
