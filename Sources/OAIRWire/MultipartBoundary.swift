/// The string that parts the fields of a form, as `Content-Type` declares it.
public enum MultipartBoundary {
  /// Longest boundary, in bytes (RFC 2046 section 5.1.1).
  public static let limit = 70

  /// Reads the parameter `boundary` of a `multipart/…` type.
  ///
  /// - Parameter contentType: the field's value.
  /// - Returns: nil when there is none, or it isn't one by RFC 2046 section 5.1.1.
  public static func find(in contentType: UnsafeRawBufferPointer) -> [UInt8]? {
    var parameters = MIMEParameters(contentType)
    while let parameter = parameters.next() {
      guard parameter.isNamed("boundary") else { continue }
      return isBoundary(parameter.value) ? parameter.value : nil
    }
    return nil
  }

  private static func isBoundary(_ bytes: [UInt8]) -> Bool {
    guard (1...limit).contains(bytes.count), bytes.last != Byte.space else { return false }
    return bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
      default: "'()+_,-./:=? ".utf8.contains(byte)
      }
    }
  }
}

/// The parameters behind the first `;` of a field's value (RFC 2045 section 5.1).
struct MIMEParameters {
  struct Parameter {
    /// In lower case.
    let name: [UInt8]
    /// Without quotes and escapes.
    let value: [UInt8]

    func isNamed(_ text: StaticString) -> Bool {
      name.withUnsafeBufferPointer { bytes in
        bytes.baseAddress.map { $0.equals(text, in: 0..<bytes.count) } ?? false
      }
    }
  }

  private let bytes: UnsafeRawBufferPointer
  private var index: Int

  init(_ value: UnsafeRawBufferPointer) {
    bytes = value
    index = value.firstIndex(of: UInt8(ascii: ";")) ?? value.count
  }

  /// The next parameter; what isn't one is passed over.
  mutating func next() -> Parameter? {
    while index < bytes.count {
      index += 1
      skipBlanks()
      var name: [UInt8] = []
      while index < bytes.count, !isEnd(bytes[index]), bytes[index] != UInt8(ascii: "=") {
        name.append(bytes[index] | (isUpper(bytes[index]) ? 0x20 : 0))
        index += 1
      }
      guard index < bytes.count, bytes[index] == UInt8(ascii: "=") else { continue }
      index += 1
      let value = takeValue()
      // What stands behind a quoted value belongs to nothing.
      while index < bytes.count, !isEnd(bytes[index]) { index += 1 }
      return Parameter(name: name, value: value)
    }
    return nil
  }

  private mutating func takeValue() -> [UInt8] {
    var value: [UInt8] = []
    guard index < bytes.count, bytes[index] == Byte.quote else {
      while index < bytes.count, !isEnd(bytes[index]) {
        value.append(bytes[index])
        index += 1
      }
      while let last = value.last, last == Byte.space || last == Byte.tab { value.removeLast() }
      return value
    }
    index += 1
    while index < bytes.count, bytes[index] != Byte.quote {
      if bytes[index] == Byte.backslash, index + 1 < bytes.count { index += 1 }
      value.append(bytes[index])
      index += 1
    }
    index = min(index + 1, bytes.count)
    return value
  }

  private mutating func skipBlanks() {
    while index < bytes.count, bytes[index] == Byte.space || bytes[index] == Byte.tab {
      index += 1
    }
  }

  private func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ";") }

  private func isUpper(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
