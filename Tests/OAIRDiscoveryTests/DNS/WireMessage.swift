@testable import OAIRDiscovery

/// Writes name service messages byte by byte, sharing nothing with the reader under test.
struct WireMessage {
  private(set) var bytes: [UInt8]

  /// A response with counts of questions, answers, authorities and additional records.
  init(id: UInt16 = 1, flags: UInt16 = 0x8180, code: UInt16 = 0, counts: [UInt16]) {
    bytes = Self.uint16(id) + Self.uint16(flags | code)
    for count in counts { bytes += Self.uint16(count) }
  }

  static func uint16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
  static func uint32(_ value: UInt32) -> [UInt8] {
    uint16(UInt16(value >> 16)) + uint16(UInt16(value & 0xffff))
  }

  static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  mutating func question(_ name: String, _ type: UInt16) {
    bytes += Self.name(name) + Self.uint16(type) + Self.uint16(1)
  }

  mutating func record(_ name: [UInt8], _ type: UInt16, ttl: UInt32, _ data: [UInt8]) {
    bytes += name + Self.uint16(type) + Self.uint16(1) + Self.uint32(ttl)
    bytes += Self.uint16(UInt16(data.count)) + data
  }

  mutating func address(_ name: String, _ value: UInt32, ttl: UInt32) {
    record(Self.name(name), 1, ttl: ttl, Self.uint32(value))
  }

  mutating func service(_ name: String, _ numbers: [UInt16], _ target: String, ttl: UInt32) {
    record(Self.name(name), 33, ttl: ttl, numbers.flatMap(Self.uint16) + Self.name(target))
  }

  mutating func authority(minimum: UInt32, ttl: UInt32) {
    let numbers = [1, 2, 3, 4, minimum].flatMap(Self.uint32)
    record(Self.name("test"), 6, ttl: ttl, Self.name("ns.test") + Self.name("me.test") + numbers)
  }
}
