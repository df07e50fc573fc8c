import Testing

@testable import OAIRHTTP1

struct ByteClassTests {
  private static let alphanumeric = Set(
    Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
  )

  @Test func `a token holds what RFC 9110 section 5.6.2 lists and nothing else`() {
    let tokens = Self.alphanumeric.union("!#$%&'*+-.^_`|~".utf8)
    for byte in UInt8.min...UInt8.max {
      #expect(ByteClass.isToken(byte) == tokens.contains(byte), "byte \(byte)")
    }
  }

  @Test func `a registered name holds what RFC 3986 section 3.2.2 lists and nothing else`() {
    let names = Self.alphanumeric.union("-._~!$&'()*+,;=%".utf8)
    for byte in UInt8.min...UInt8.max {
      #expect(ByteClass.isRegName(byte) == names.contains(byte), "byte \(byte)")
    }
  }

  @Test func `hexadecimal digits have their value in either case`() {
    for byte in UInt8.min...UInt8.max {
      let expected = byte < 128 ? Character(UnicodeScalar(byte)).hexDigitValue : nil
      #expect(ByteClass.hexValue(byte).map(Int.init) == expected, "byte \(byte)")
    }
  }

  @Test func `only the capitals of ASCII have a lower case`() {
    for byte in UInt8.min...UInt8.max {
      let isCapital = byte >= 0x41 && byte <= 0x5A
      #expect(ByteClass.lowercased(byte) == (isCapital ? byte + 0x20 : byte), "byte \(byte)")
      #expect(ByteClass.isDigit(byte) == (byte >= 0x30 && byte <= 0x39), "byte \(byte)")
      #expect(ByteClass.isBlank(byte) == (byte == 0x20 || byte == 0x09), "byte \(byte)")
    }
  }
}
