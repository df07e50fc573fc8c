import Glibc

/// Bytes that wait: left over from a read, or not yet taken by the kernel.
///
/// Contiguous, grows by doubling, and holds no memory once it is empty again, so that an idle
/// connection costs none.
public struct ByteQueue: ~Copyable {
  /// The smallest block that is allocated, in bytes.
  static let smallestBlock = 1024

  // SAFETY: `memory` holds `capacity` bytes of which [head, tail) are initialised; owned here.
  private var memory: UnsafeMutableRawPointer?
  private var head = 0
  private var tail = 0
  private var capacity = 0

  /// An empty queue without memory.
  public init() {}

  deinit {
    if let memory { free(memory) }
  }

  /// How many bytes wait.
  public var count: Int { tail &- head }
  /// True when none waits.
  public var isEmpty: Bool { tail == head }

  /// The bytes that wait; valid until the next mutation.
  public var bytes: UnsafeRawBufferPointer {
    guard let memory else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: memory + head, count: count)
  }

  /// Copies bytes to the end.
  public mutating func append(_ source: UnsafeRawBufferPointer) {
    guard let start = source.baseAddress, source.count > 0 else { return }
    let room = reserve(source.count)
    memcpy(room, start, source.count)
    tail &+= source.count
  }

  /// Copies bytes to the end.
  public mutating func append(_ source: [UInt8]) {
    source.withUnsafeBytes { append($0) }
  }

  /// Puts other bytes in the place of some that wait.
  ///
  /// - Parameters:
  ///   - range: which ones, counted from the first that waits.
  ///   - replacement: what stands there afterwards; it may be longer or shorter.
  public mutating func replace(_ range: Range<Int>, with replacement: [UInt8]) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "no such bytes")
    makeRoom(max(0, replacement.count - range.count))
    guard let memory else { return }
    // SAFETY: `makeRoom` has seen to the room behind `tail` by which the bytes may grow.
    let start = memory + head + range.lowerBound
    memmove(start + replacement.count, start + range.count, count - range.upperBound)
    replacement.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { memcpy(start, source, bytes.count) }
    }
    tail &+= replacement.count - range.count
    if isEmpty { removeAll() }
  }

  /// Removes bytes from the front; gives the memory back with the last one.
  public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "more consumed than there is")
    head &+= count
    if head == tail { removeAll() }
  }

  /// Forgets all bytes and gives the memory back.
  public mutating func removeAll() {
    if let memory { free(memory) }
    memory = nil
    head = 0
    tail = 0
    capacity = 0
  }

  /// Forgets all bytes; a large block goes to the spare ones.
  ///
  /// - Parameter spares: where the next large queue finds it.
  public mutating func removeAll(into spares: inout SpareBlocks) {
    if let memory, capacity >= SpareBlocks.smallestBlock {
      spares.keep(UnsafeMutableRawBufferPointer(start: memory, count: capacity))
      self.memory = nil
    }
    removeAll()
  }

  /// Takes the memory of another queue, leaving it empty.
  ///
  /// This one must be empty.
  public mutating func take(_ other: inout ByteQueue) {
    precondition(isEmpty, "bytes would be lost")
    swap(&self, &other)
    other.removeAll()
  }

  /// Takes the memory of another queue, whose bytes are forgotten, to have it at hand.
  ///
  /// This one must be empty.
  ///
  /// - Parameters:
  ///   - other: without memory afterwards.
  ///   - limit: a larger block, in bytes, is given back instead.
  public mutating func reuse(_ other: inout ByteQueue, upTo limit: Int) {
    precondition(isEmpty, "bytes would be lost")
    if other.capacity <= limit {
      swap(&self, &other)
      head = 0
      tail = 0
    }
    other.removeAll()
  }

  /// Room for at least `minimum` more bytes at the end, for a read straight into the queue.
  ///
  /// - Returns: the free memory; `didAppend(_:)` says how much of it was filled.
  public mutating func freeSpace(_ minimum: Int) -> UnsafeMutableRawBufferPointer {
    let start = reserve(minimum)
    return UnsafeMutableRawBufferPointer(start: start, count: capacity &- tail)
  }

  /// Makes room for bytes whose number is known, and for no more.
  ///
  /// - Parameter extra: how many will be appended, 0 or more.
  public mutating func makeRoom(_ extra: Int) {
    guard capacity &- tail < extra else { return }
    move(to: Self.roundedSize(count + extra))
  }

  private static func roundedSize(_ size: Int) -> Int {
    let step = size > 4096 ? 4096 : 128
    return (size + step - 1) / step * step
  }

  /// Makes room for bytes whose number is known, in a spare block if they are many.
  ///
  /// - Parameters:
  ///   - extra: how many will be appended, 0 or more.
  ///   - spares: where a large block is looked for first.
  public mutating func makeRoom(_ extra: Int, from spares: inout SpareBlocks) {
    guard capacity &- tail < extra else { return }
    let size = count + extra
    // By the size that it would get: what is kept when it is let go of is looked for here.
    guard Self.roundedSize(size) >= SpareBlocks.smallestBlock else { return makeRoom(extra) }
    if let spare = spares.take(size), let start = spare.baseAddress {
      move(into: start, spare.count)
    } else {
      move(to: SpareBlocks.roundedSize(size))
    }
  }

  /// Counts bytes that were written into `freeSpace(_:)`.
  public mutating func didAppend(_ count: Int) {
    precondition(count >= 0 && count <= capacity - tail, "more appended than there is room")
    tail &+= count
  }

  private mutating func reserve(_ extra: Int) -> UnsafeMutableRawPointer {
    if let memory, capacity &- tail >= extra { return memory + tail }
    if let memory, head > 0, capacity &- count >= extra, head >= capacity / 2 {
      memmove(memory, memory + head, count)
      tail &-= head
      head = 0
      return memory + tail
    }
    return grow(extra)
  }

  private mutating func grow(_ extra: Int) -> UnsafeMutableRawPointer {
    let needed = count + extra
    var size = max(capacity, Self.smallestBlock)
    while size < needed { size *= 2 }
    return move(to: size) + tail
  }

  @discardableResult
  private mutating func move(to size: Int) -> UnsafeMutableRawPointer {
    guard let block = malloc(size) else { fatalError("out of memory: \(size) bytes") }
    move(into: block, size)
    return block
  }

  private mutating func move(into block: UnsafeMutableRawPointer, _ size: Int) {
    if let memory, count > 0 { memcpy(block, memory + head, count) }
    free(memory)
    tail = count
    head = 0
    memory = block
    capacity = size
  }
}
