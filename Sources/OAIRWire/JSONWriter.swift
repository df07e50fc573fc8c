/// Writes one JSON text, with commas and escapes in the right places.
///
/// For the control plane and the error path. Calls that don't make a JSON text together (a value in
/// an object without its key, say) are the caller's mistake and aren't noticed.
public struct JSONWriter: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// A writer that has written nothing.
  public init() {}

  /// Begins an object.
  public mutating func beginObject() {
    begin(Byte.openBrace)
  }

  /// Ends the innermost object.
  public mutating func endObject() {
    end(Byte.closeBrace)
  }

  /// Begins an array.
  public mutating func beginArray() {
    begin(Byte.openBracket)
  }

  /// Ends the innermost array.
  public mutating func endArray() {
    end(Byte.closeBracket)
  }

  /// Writes the key of an object's next member; its value must follow.
  public mutating func key(_ name: String) {
    string(name)
    bytes.append(Byte.colon)
    needsComma = false
  }

  /// Writes a string.
  public mutating func string(_ text: String) {
    var text = text
    text.withUTF8 { string(UnsafeRawBufferPointer($0)) }
  }

  /// Writes a string that is given as UTF-8; what is ill-formed in it becomes U+FFFD.
  public mutating func string(_ text: UnsafeRawBufferPointer) {
    separate()
    bytes.append(Byte.quote)
    if let base = text.baseAddress {
      // SAFETY: rebinding to bytes is always allowed; offsets stay below text.count.
      escape(base.assumingMemoryBound(to: UInt8.self), text.count)
    }
    bytes.append(Byte.quote)
  }

  /// A string as it stands between its quotes.
  ///
  /// - Parameter text: UTF-8; what is ill-formed in it becomes U+FFFD.
  public static func insideOfString(_ text: [UInt8]) -> [UInt8] {
    var writer = JSONWriter()
    text.withUnsafeBytes { writer.string($0) }
    return Array(writer.bytes.dropFirst().dropLast())
  }

  /// Writes a string, or null for nil.
  public mutating func stringOrNull(_ text: String?) {
    if let text { string(text) } else { null() }
  }

  /// Writes a whole number.
  public mutating func int(_ value: Int) {
    separate()
    bytes.append(contentsOf: String(value).utf8)
  }

  /// Writes true or false.
  public mutating func bool(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// Writes null.
  public mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Writes a value that is JSON already.
  public mutating func raw(_ value: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: value)
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(Byte.comma) }
    needsComma = true
  }

  private mutating func escape(_ text: UnsafePointer<UInt8>, _ count: Int) {
    var offset = 0
    while offset < count {
      let byte = text[offset]
      switch byte {
      case Byte.quote, Byte.backslash:
        bytes.append(Byte.backslash)
        bytes.append(byte)
        offset += 1
      case 0x20...0x7E:
        bytes.append(byte)
        offset += 1
      case 0x00...0x1F, 0x7F:
        escapeControl(byte)
        offset += 1
      default:
        let (scalar, length) = UTF8Sequence.decode(text, at: offset, before: count)
        if let scalar, Self.isInvisible(scalar) {
          escapeUnit(scalar)
        } else if scalar == nil {
          bytes.append(contentsOf: [0xEF, 0xBF, 0xBD])
        } else {
          for index in offset..<offset + length { bytes.append(text[index]) }
        }
        offset += length
      }
    }
  }

  /// What JSON would let through, and a terminal may obey: the C1 control characters, line and
  /// paragraph separators, and those that change the direction of what follows.
  private static func isInvisible(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x80...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  private mutating func escapeControl(_ byte: UInt8) {
    bytes.append(Byte.backslash)
    switch byte {
    case Byte.lineFeed: bytes.append(UInt8(ascii: "n"))
    case Byte.carriageReturn: bytes.append(UInt8(ascii: "r"))
    case Byte.tab: bytes.append(UInt8(ascii: "t"))
    default:
      bytes.removeLast()
      escapeUnit(UInt32(byte))
    }
  }

  /// Writes a scalar below 0x10000 as `\uXXXX`.
  private mutating func escapeUnit(_ scalar: UInt32) {
    let digits: StaticString = "0123456789abcdef"
    bytes.append(contentsOf: "\\u".utf8)
    for shift in stride(from: UInt32(12), through: 0, by: -4) {
      bytes.append(digits.utf8Start[Int(scalar >> shift & 15)])
    }
  }
}
