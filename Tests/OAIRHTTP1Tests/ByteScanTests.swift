import Testing

@testable import OAIRHTTP1

/// Each scan is compared with the obvious loop, for every byte value at every position of runs on
/// both sides of the block size, in memory that ends at a guard page.
struct ByteScanTests {
  private typealias Scan = (UnsafeRawPointer, Int, Int) -> Int

  private func compare(
    filler: UInt8,
    _ scan: Scan,
    stopsAt isStop: (UInt8) -> Bool
  ) throws {
    let memory = try GuardedMemory(capacity: 64)
    for length in [1, 7, 8, 15, 16, 17, 31, 32, 33, 40] {
      for position in 0..<length {
        for byte in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: filler, count: length)
          bytes[position] = byte
          let found = try memory.withBytes(bytes[...]) { buffer in
            scan(try #require(buffer.baseAddress), 0, length)
          }
          let expected = bytes.firstIndex(where: isStop) ?? length
          guard found != expected else { continue }
          Issue.record("byte \(byte) at \(position) of \(length): \(found), not \(expected)")
          return
        }
      }
    }
  }

  @Test func `a token ends at the first byte that is not a tchar`() throws {
    try compare(filler: 0x61, ByteScan.endOfToken) { !ByteClass.isToken($0) }
  }

  @Test func `a token of unusual bytes is scanned to its end`() throws {
    try compare(filler: 0x5F, ByteScan.endOfToken) { !ByteClass.isToken($0) }
  }

  @Test func `common bytes are letters, digits, hyphen and dot`() throws {
    let common = Set(
      Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.".utf8)
    )
    try compare(filler: 0x2D, ByteScan.firstUncommon) { !common.contains($0) }
  }

  @Test func `a field value ends at a control byte other than the tab`() throws {
    try compare(filler: 0xFF, ByteScan.firstControl) { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }
    try compare(filler: 0x09, ByteScan.firstControl) { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }
  }

  @Test func `a part of a target ends at what is not visible ASCII and at its delimiters`() throws {
    try compare(filler: 0x7E, ByteScan.endOfTargetPart) {
      $0 <= 0x20 || $0 >= 0x7F || $0 == 0x3F || $0 == 0x23
    }
  }

  @Test func `blanks end at the first byte that is neither space nor tab`() throws {
    try compare(filler: 0x20, ByteScan.endOfBlanks) { $0 != 0x20 && $0 != 0x09 }
    try compare(filler: 0x61, ByteScan.endOfBlanks) { $0 != 0x20 && $0 != 0x09 }
  }

  @Test func `a scan begins where it is told to and looks at nothing before`() throws {
    let bytes: [UInt8] = [0x0D, 0x0A] + [UInt8](repeating: 0x61, count: 30) + [0x0D]
    let memory = try GuardedMemory(capacity: bytes.count)
    let found = try memory.withBytes(bytes[...]) { buffer in
      ByteScan.firstControl(try #require(buffer.baseAddress), 2, bytes.count)
    }
    #expect(found == 32)
  }
}
