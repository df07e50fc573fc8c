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
  private var isUsed = false
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
    isUsed = true
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
    return block
  }

  /// Keeps a block, or gives it back when there are enough.
  mutating func keep(_ block: UnsafeMutableRawBufferPointer) {
    isUsed = true
    guard block.count >= Self.smallestBlock, bytes + block.count <= limit else {
      free(block.baseAddress)
      return
    }
    blocks.append(block)
    bytes += block.count
  }

  /// Gives one block back unless there was use for any since the last call.
  public mutating func shrink() {
    defer { isUsed = false }
    guard !isUsed, let block = blocks.popLast() else { return }
    bytes -= block.count
    free(block.baseAddress)
  }
}
