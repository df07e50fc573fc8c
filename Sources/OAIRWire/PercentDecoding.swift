/// Percent-decoding of a path segment (RFC 3986 section 2.1).
package enum PercentDecoding {
  /// Decodes as much as is encoded rightly.
  ///
  /// - Parameter memory: room for at least `text.count` bytes.
  /// - Returns: how many bytes were written; a `%` without two hex digits stays as it is.
  package static func decode(
    _ text: UnsafeRawBufferPointer,
    into memory: UnsafeMutableRawBufferPointer
  ) -> Int {
    var count = 0
    var index = 0
    while index < text.count {
      let decoded = byte(text, at: index, before: text.count)
      memory[count] = decoded ?? text[index]
      count += 1
      index += decoded == nil ? 1 : 3
    }
    return count
  }

  /// The byte for which a `%` and two hex digits stand at `index`, wholly before `end`.
  static func byte(_ text: UnsafeRawBufferPointer, at index: Int, before end: Int) -> UInt8? {
    guard text[index] == UInt8(ascii: "%"), index + 2 < end,
      let high = hex(text[index + 1]), let low = hex(text[index + 2])
    else { return nil }
    return high << 4 | low
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}
