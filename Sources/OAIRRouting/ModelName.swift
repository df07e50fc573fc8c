import Glibc

/// The rules by which two spellings name one model.
public enum ModelName {
  /// The tag that Ollama takes when none is given: `llama3.2` is `llama3.2:latest`.
  public static let defaultTag: StaticString = ":latest"

  /// The part of a name that counts.
  ///
  /// - Parameter name: a model's name as bytes.
  /// - Returns: the same memory without a final `:latest`; a name that is only the tag stays whole.
  public static func canonical(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let tagLength = defaultTag.utf8CodeUnitCount
    guard name.count > tagLength, let start = name.baseAddress,
      memcmp(start + name.count - tagLength, defaultTag.utf8Start, tagLength) == 0
    else {
      return name
    }
    return UnsafeRawBufferPointer(rebasing: name[..<(name.count - tagLength)])
  }

  /// The part of a name that counts, for the control plane.
  ///
  /// - Parameter name: a model's name.
  /// - Returns: the name without a final `:latest`.
  public static func canonical(_ name: String) -> String {
    name.hasSuffix(":latest") && name.utf8.count > defaultTag.utf8CodeUnitCount
      ? String(name.dropLast(defaultTag.utf8CodeUnitCount)) : name
  }

  /// How many single-character changes (insert, delete, replace) lie between two names.
  ///
  /// - Parameters:
  ///   - a: one name.
  ///   - b: the other.
  ///   - bound: distances above it are reported as nil, which ends the search early.
  /// - Returns: the Levenshtein distance over UTF-8 bytes, ASCII letters compared without case.
  package static func distance(_ a: String, _ b: String, bound: Int) -> Int? {
    let first = a.utf8.map(lowercased), second = b.utf8.map(lowercased)
    guard abs(first.count - second.count) <= bound else { return nil }
    var previous = Array(0...second.count)
    var row = previous
    for (i, byte) in first.enumerated() {
      row[0] = i + 1
      var least = row[0]
      for (j, other) in second.enumerated() {
        let replaced = previous[j] + (byte == other ? 0 : 1)
        row[j + 1] = min(replaced, previous[j + 1] + 1, row[j] + 1)
        least = min(least, row[j + 1])
      }
      if least > bound { return nil }
      swap(&previous, &row)
    }
    let result = previous[second.count]
    return result <= bound ? result : nil
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (65...90).contains(byte) ? byte | 0x20 : byte
  }
}
