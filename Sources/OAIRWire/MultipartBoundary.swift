/// The string that parts the fields of a form, as `Content-Type` declares it.
public enum MultipartBoundary {
  /// Longest boundary, in bytes (RFC 2046 section 5.1.1).
  public static let limit = 70

  /// Reads the parameter `boundary` of a `multipart/…` type.
  ///
  /// - Parameter contentType: the field's value.
  /// - Returns: nil when there is none, when it isn't one by RFC 2046 section 5.1.1, or when it is
  ///   named more than once or so that parsers differ about it.
  public static func find(in contentType: UnsafeRawBufferPointer) -> [UInt8]? {
    // Some look for the word alone: any of them counts.
    let parameter = MIMEParameter.find("boundary", in: contentType, isAnyMention: true)
    guard case .value(let range) = parameter, isBoundary(contentType[range]) else { return nil }
    return Array(contentType[range])
  }

  private static func isBoundary(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
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
