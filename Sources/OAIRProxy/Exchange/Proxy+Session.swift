import OAIRHTTP1
import OAIRReactor
import OAIRRouting

// Session affinity: a header field names the session, and only its hash goes on from here.

extension Proxy {
  /// The hash of the session's id in the head that has just been parsed; 0 without one, or when
  /// sessions don't matter.
  func sessionHash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let name = settings.sessionField else { return 0 }
    for index in 0..<scratch.requestTable.count {
      let field = scratch.requestTable[index]
      let itsName = UnsafeRawBufferPointer(rebasing: bytes[field.name.range])
      guard Self.isEqual(itsName, name), !field.value.isEmpty else { continue }
      return StableHash.of(UnsafeRawBufferPointer(rebasing: bytes[field.value.range]))
    }
    return 0
  }

  /// Field names don't mind case (RFC 9110 section 5.1).
  ///
  /// - Parameter lowercased: the name to look for, in lower case.
  private static func isEqual(_ name: UnsafeRawBufferPointer, _ lowercased: [UInt8]) -> Bool {
    guard name.count == lowercased.count else { return false }
    return zip(name, lowercased).allSatisfy { byte, wanted in
      (0x41...0x5a).contains(byte) ? byte | 0x20 == wanted : byte == wanted
    }
  }
}
