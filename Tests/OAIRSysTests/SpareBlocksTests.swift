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

  @Test func `a queue that is rounded up to a kept size uses kept ones`() {
    var spares = SpareBlocks(limit: 64 * SpareBlocks.smallestBlock)
    for _ in 0..<8 {
      var queue = filled(SpareBlocks.smallestBlock - 1, from: &spares)
      queue.removeAll(into: &spares)
    }
    let kept = spares.bytes
    #expect(kept == SpareBlocks.smallestBlock)
  }

  @Test func `what nobody has use for is given back, half at a time`() {
    var spares = SpareBlocks(limit: 8 * Self.block)
    keep(5, in: &spares)
    spares.shrink()
    let justUsed = spares.bytes
    // One of them is in use for a moment.
    var again = filled(Self.block, from: &spares)
    again.removeAll(into: &spares)
    spares.shrink()
    let afterUse = spares.bytes
    var steps: [Int] = []
    while !spares.isEmpty {
      spares.shrink()
      steps.append(spares.bytes / Self.block)
    }
    #expect([justUsed, afterUse] == [5 * Self.block, 3 * Self.block])
    #expect(steps == [1, 0])
  }

  private func keep(_ count: Int, in spares: inout SpareBlocks) {
    guard count > 0 else { return }
    var queue = filled(Self.block, from: &spares)
    keep(count - 1, in: &spares)
    queue.removeAll(into: &spares)
  }
}
