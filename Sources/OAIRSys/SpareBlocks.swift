import Glibc

/// Large blocks of memory between two uses.
///
/// Giving megabytes back to the kernel and taking them again costs a loop hundreds of microseconds
/// each time, in which it serves nobody: a few are kept, for as long as there is use for them.
///
/// Not thread-safe: one reactor owns it.
public struct SpareBlocks: ~Copyable {
  /// Blocks below this size, in bytes, aren't kept: the allocator deals with them well.
  public static let smallestBlock = 256 << 10

  // SAFETY: each came from `malloc` with the size that it says; owned here.
  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private let limit: Int
  /// The fewest that lay here at any moment since the last call of `shrink`: nobody needed those.
  private var fewest = 0
  /// Bytes that are kept.
  public private(set) var bytes = 0

  /// - Parameter limit: bytes that are kept at most, 0 or more; blocks beyond it are given back.
  public init(limit: Int) { self.limit = limit }

  deinit {
    for block in blocks { free(block.baseAddress) }
  }

  /// None is kept.
  public var isEmpty: Bool { blocks.isEmpty }

  /// The size that is allocated where `size` bytes are wanted: rounded, so that blocks are alike.
  static func roundedSize(_ size: Int) -> Int {
    let step = size < 1 << 20 ? smallestBlock : 1 << 20
    return (size + step - 1) / step * step
  }

  /// The smallest block with room for `size` bytes that isn't more than twice as large.
  mutating func take(_ size: Int) -> UnsafeMutableRawBufferPointer? {
    var best: Int?
    for index in blocks.indices where blocks[index].count >= size {
      let count = blocks[index].count
      if count / 2 <= size, best.map({ count < blocks[$0].count }) ?? true { best = index }
    }
    guard let best else { return nil }
    let block = blocks[best]
    blocks.swapAt(best, blocks.count - 1)
    blocks.removeLast()
    bytes -= block.count
    fewest = min(fewest, blocks.count)
    return block
  }

  /// Keeps a block, or gives it back when there are enough.
  mutating func keep(_ block: UnsafeMutableRawBufferPointer) {
    guard block.count >= Self.smallestBlock, bytes + block.count <= limit else {
      free(block.baseAddress)
      return
    }
    blocks.append(block)
    bytes += block.count
  }

  /// Gives back half of what nobody has needed since the last call, and one at least.
  public mutating func shrink() {
    for _ in 0..<min((fewest + 1) / 2, blocks.count) {
      let block = blocks.removeFirst()
      bytes -= block.count
      free(block.baseAddress)
    }
    fewest = blocks.count
  }
}
