import Glibc

/// One direction of a simulated connection: bytes on their way, and behind them bytes that have
/// arrived and weren't read.
///
///     head ──── arrived ────── tail
///       readable │  in flight
final class BytePipe {
  /// What sender and receiver buffer together, in bytes.
  var capacity: Int
  private var memory: UnsafeMutableRawPointer?
  private var size = 0
  private var head = 0
  private var arrivedEnd = 0
  private var tail = 0

  init(capacity: Int) { self.capacity = capacity }

  deinit { free(memory) }

  /// Bytes that can be read.
  var readable: Int { arrivedEnd - head }
  /// Bytes that were sent and haven't arrived.
  var inFlight: Int { tail - arrivedEnd }
  /// Room for the sender.
  var room: Int { max(0, capacity - (tail - head)) }

  /// Takes what fits.
  func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    let count = min(room, bytes.count)
    guard count > 0, let source = bytes.baseAddress else { return 0 }
    makeRoom(count)
    if let memory { memcpy(memory + tail, source, count) }
    tail += count
    return count
  }

  /// Bytes in flight have arrived.
  func arrive(_ count: Int) { arrivedEnd += min(count, inFlight) }

  /// Hands out what has arrived.
  func receive(into target: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(readable, target.count)
    guard count > 0, let memory, let target = target.baseAddress else { return 0 }
    memcpy(target, memory + head, count)
    head += count
    if head == tail { (head, arrivedEnd, tail) = (0, 0, 0) }
    return count
  }

  /// What is on its way is lost.
  func loseFlight() { tail = arrivedEnd }

  /// What has arrived is lost.
  func loseArrived() { head = arrivedEnd }

  private func makeRoom(_ count: Int) {
    if size - tail >= count { return }
    let held = tail - head
    if head > 0, let memory {
      memmove(memory, memory + head, held)
      (arrivedEnd, tail, head) = (arrivedEnd - head, held, 0)
    }
    guard size - tail < count else { return }
    size = max(1024, 2 * (held + count))
    memory = realloc(memory, size)
  }
}
