import Glibc
import OAIRSys
import Testing

@testable import OAIRouter

struct LineSinkTests {
  /// Both ends of a pipe.
  private func pipe() -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    Glibc.pipe(&ends)
    return (ends[0], ends[1])
  }

  @Test func `lines come out whole and in order`() throws {
    let (read, write) = pipe()
    let sink = try LineSink(FileDescriptor(write))
    for number in 0..<100 { sink.append(Array("\(number)\n".utf8)) }
    sink.flush()
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(read, &bytes, bytes.count)
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    #expect(text == (0..<100).map { "\($0)\n" }.joined())
    #expect(sink.dropped == 0)
  }

  // A sink that waits for its reader would wait for ever.
  @Test(.timeLimit(.minutes(5)))
  func `a reader that doesn't read costs lines and never time`() throws {
    let (read, write) = pipe()
    let sink = try LineSink(FileDescriptor(write))
    let line = [UInt8](repeating: 0x61, count: 1023) + [0x0a]
    // A pipe takes 64 KiB, the sink 1 MiB, and its thread may have as much in hand.
    for _ in 0..<4096 { sink.append(line) }
    #expect(sink.dropped >= 4096 - 2 * 1024 - 64 - 2 && sink.dropped < 4096)
    // Once somebody reads, whole lines come, and new ones are taken.
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var seen = 0
    let wanted = (4096 - Int(sink.dropped)) * line.count
    while seen < wanted {
      let count = Glibc.read(read, &bytes, bytes.count)
      guard count > 0 else { break }
      seen += count
    }
    #expect(seen == wanted)
    let before = sink.dropped
    sink.append(line)
    #expect(sink.dropped == before)
    #expect(Glibc.read(read, &bytes, bytes.count) == line.count)
  }

  @Test func `lines that can't be written are counted`() throws {
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(full >= 0)
    let sink = try LineSink(FileDescriptor(full))
    for number in 0..<3 { sink.append(Array("\(number)\n".utf8)) }
    sink.flush()
    #expect(sink.dropped == 3)
  }
}
