import OAIRSys
import Testing

@testable import OAIRProxy

struct AccessRingTests {
  private func record(_ serial: Int) -> AccessRecord {
    var record = AccessRecord()
    record.serial = UInt64(serial)
    return record
  }

  @Test func `a ring whose memory was given back goes on`() throws {
    let rings = try AccessRings(workers: 1)
    let ring = rings.rings[0]
    var next = 0
    for round in 0..<20 {
      let count = round * 97 + 1
      for serial in next..<next + count { #expect(ring.push(record(serial))) }
      // What is left there stays.
      ring.releasePages()
      let taken = (0..<count).compactMap { _ in rings.pop()?.serial }
      #expect(taken == (next..<next + count).map(UInt64.init))
      ring.releasePages()
      next += count
    }
  }

  @Test func `a full ring drops what comes`() throws {
    let ring = try AccessRings(workers: 1).rings[0]
    let taken = (0..<AccessRing.capacity + 3).count { ring.push(record($0)) }
    #expect(taken == AccessRing.capacity)
  }
}
