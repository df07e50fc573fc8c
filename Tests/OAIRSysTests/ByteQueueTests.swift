import Glibc
import OAIRSys
import TestSupport
import Testing

@Suite(.offThePool)
struct ByteQueueTests {
  private func contents(_ queue: borrowing ByteQueue) -> [UInt8] { Array(queue.bytes) }

  @Test func `room that is made in advance is enough, and nothing more is taken`() {
    var queue = ByteQueue()
    queue.append(Array("head".utf8))
    queue.makeRoom(3 << 20)
    let space = queue.freeSpace(3 << 20)
    #expect(space.count >= 3 << 20 && space.count < (3 << 20) + 4096)
    space.baseAddress?.storeBytes(of: 0x21, as: UInt8.self)
    queue.didAppend(1)
    queue.makeRoom(0)
    #expect(queue.bytes.elementsEqual("head!".utf8))
  }

  @Test func `memory that isn't too large is another queue's`() {
    for (size, isReused) in [(100, true), (768, true), (769, false), (5000, false)] {
      var former = ByteQueue()
      former.makeRoom(size)
      former.append(Array("former".utf8))
      former.consume(2)
      var queue = ByteQueue()
      queue.reuse(&former, upTo: 768)
      let (isEmpty, hasMemory) = (queue.isEmpty, queue.bytes.baseAddress != nil)
      #expect(isEmpty && hasMemory == isReused, "of \(size) bytes")
      let isFormerGone = former.isEmpty && former.bytes.baseAddress == nil
      #expect(isFormerGone)
      let large = [UInt8](repeating: 0x21, count: 2000)
      queue.append(Array("next".utf8))
      queue.append(large)
      former.append(large)
      let (held, kept) = (contents(queue), contents(former))
      #expect(held == Array("next".utf8) + large && kept == large)
    }
    var first = ByteQueue()
    var second = ByteQueue()
    first.reuse(&second, upTo: 768)
    let areEmpty = first.isEmpty && second.isEmpty
    #expect(areEmpty)
  }

  @Test func `an empty queue has no bytes and no memory`() {
    let queue = ByteQueue()
    let (isEmpty, count, memory) = (queue.isEmpty, queue.count, queue.bytes.baseAddress)
    #expect(isEmpty && count == 0 && memory == nil)
  }

  @Test(arguments: [0, 1, 5], ["", "x", "abc", String(repeating: "long", count: 2000)])
  func `bytes are replaced in their place`(_ consumed: Int, _ replacement: String) {
    for range in [consumed..<consumed, consumed..<(consumed + 3), 7..<10, 9..<12, 5..<12] {
      var queue = ByteQueue()
      var expected = Array("0123456789ab".utf8)
      queue.append(expected)
      queue.consume(consumed)
      queue.replace(
        (range.lowerBound - consumed)..<(range.upperBound - consumed),
        with: Array(replacement.utf8)
      )
      expected.replaceSubrange(range, with: replacement.utf8)
      #expect(contents(queue) == Array(expected.dropFirst(consumed)))
      queue.append([7])
      #expect(contents(queue) == Array(expected.dropFirst(consumed)) + [7])
    }
  }

  @Test func `bytes come out in the order in which they went in`() {
    var queue = ByteQueue()
    queue.append([1, 2, 3])
    queue.append([])
    queue.append([4, 5])
    queue.consume(2)
    queue.append([6])
    let bytes = contents(queue)
    #expect(bytes == [3, 4, 5, 6])
  }

  @Test func `the last byte that is consumed gives the memory back`() {
    var queue = ByteQueue()
    queue.append([UInt8](repeating: 7, count: 5000))
    queue.consume(5000)
    let (isEmpty, memory) = (queue.isEmpty, queue.bytes.baseAddress)
    #expect(isEmpty && memory == nil)
  }

  @Test func `taking moves the memory without a copy and leaves the other empty`() {
    var source = ByteQueue()
    source.append([1, 2, 3])
    source.consume(1)
    let address = source.bytes.baseAddress
    var target = ByteQueue()
    target.take(&source)
    let bytes = contents(target)
    let isMoved = target.bytes.baseAddress == address
    #expect(bytes == [2, 3] && isMoved)
    let isSourceEmpty = source.isEmpty
    #expect(isSourceEmpty)
    source.append([9])
    let after = contents(target)
    #expect(after == [2, 3])
  }

  @Test func `free space asked for and not used changes nothing`() {
    var queue = ByteQueue()
    queue.append([1])
    let space = queue.freeSpace(10_000)
    #expect(space.count >= 10_000)
    queue.didAppend(0)
    let bytes = contents(queue)
    #expect(bytes == [1])
  }

  @Test func `a queue that is fed and drained at the same pace doesn't grow`() {
    var queue = ByteQueue()
    queue.append([0])
    let room = queue.freeSpace(0).count
    for round in 0..<10_000 {
      queue.append([UInt8(truncatingIfNeeded: round)])
      queue.consume(1)
    }
    let (left, count) = (queue.freeSpace(0).count, queue.count)
    #expect(left <= room && count == 1)
  }

  @Test(arguments: 0..<40)
  func `it behaves like an array, whatever is done to it`(seed: Int) {
    var random = SeededRandom(UInt64(seed))
    var queue = ByteQueue()
    var model: [UInt8] = []
    for step in 0..<300 {
      let size = Int.random(in: 0...(1 << Int.random(in: 0...13, using: &random)), using: &random)
      let fresh = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ step) }
      switch Int.random(in: 0..<10, using: &random) {
      case 0...2:
        queue.append(fresh)
        model += fresh
      case 3...4:
        let space = queue.freeSpace(size)
        #expect(space.count >= size)
        space.copyBytes(from: fresh)
        queue.didAppend(size)
        model += fresh
      case 5...7:
        let count = min(size, model.count)
        queue.consume(count)
        model.removeFirst(count)
      case 8:
        var other = ByteQueue()
        other.take(&queue)
        let isTaken = queue.isEmpty
        #expect(isTaken)
        swap(&other, &queue)
      default:
        guard Int.random(in: 0..<8, using: &random) == 0 else { continue }
        queue.removeAll()
        model.removeAll()
      }
      let isSame =
        queue.count == model.count && queue.isEmpty == model.isEmpty
        && queue.bytes.elementsEqual(model)
      #expect(isSame, "step \(step) of seed \(seed)")
      guard isSame else { return }
    }
  }
}
