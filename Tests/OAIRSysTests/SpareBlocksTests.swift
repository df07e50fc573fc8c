import Testing

@testable import OAIRSys

@Suite struct SpareBlocksTests {
  private static let block = 1 << 20

  private func filled(_ count: Int, from spares: inout SpareBlocks) -> ByteQueue {
    var queue = ByteQueue()
    queue.makeRoom(count, from: &spares)
    queue.append([UInt8](repeating: 7, count: count))
    return queue
  }

  @Test func `a large queue's block is used by the next one`() {
    var spares = SpareBlocks(limit: 4 * Self.block)
    var former = filled(Self.block - 10, from: &spares)
    let address = former.bytes.baseAddress
    former.removeAll(into: &spares)
    let seen1 = former.count
    #expect(seen1 == 0)
    let seen2 = spares.bytes
    #expect(seen2 == Self.block)
    let next = filled(Self.block - 20, from: &spares)
    let seen3 = next.bytes.baseAddress
    #expect(seen3 == address)
    let seen4 = next.count
    #expect(seen4 == Self.block - 20)
    let seen5 = spares.bytes
    #expect(seen5 == 0)
  }

  @Test func `a block that is too small or more than twice too large isn't taken`() {
    var spares = SpareBlocks(limit: 8 * Self.block)
    var former = filled(2 * Self.block, from: &spares)
    former.removeAll(into: &spares)
    _ = filled(3 * Self.block, from: &spares)
    let seen6 = spares.bytes
    #expect(seen6 == 2 * Self.block)
    _ = filled(Self.block / 2, from: &spares)
    let seen7 = spares.bytes
    #expect(seen7 == 2 * Self.block)
    _ = filled(Self.block + 1, from: &spares)
    let seen8 = spares.bytes
    #expect(seen8 == 0)
  }

  @Test func `small blocks and those beyond the limit aren't kept`() {
    var spares = SpareBlocks(limit: Self.block)
    var small = filled(1000, from: &spares)
    small.removeAll(into: &spares)
    let seen9 = spares.bytes
    #expect(seen9 == 0)
    var large = filled(Self.block, from: &spares)
    var another = filled(Self.block, from: &spares)
    large.removeAll(into: &spares)
    another.removeAll(into: &spares)
    let seen10 = spares.bytes
    #expect(seen10 == Self.block)
  }

  @Test func `what nobody has use for is given back, one at a time`() {
    var spares = SpareBlocks(limit: 4 * Self.block)
    var first = filled(Self.block, from: &spares)
    var second = filled(Self.block, from: &spares)
    first.removeAll(into: &spares)
    second.removeAll(into: &spares)
    spares.shrink()
    let seen11 = spares.bytes
    #expect(seen11 == 2 * Self.block, "they were of use since")
    spares.shrink()
    let seen12 = spares.bytes
    #expect(seen12 == Self.block)
    spares.shrink()
    let seen13 = spares.bytes
    #expect(seen13 == 0)
  }
}
