import Glibc
import Testing

@testable import oairouter

@Suite struct ProgramVariablesTests {
  /// Pages of a file, private to this process as those of variables are.
  private struct Pages: ~Copyable {
    let start: UnsafeMutableRawPointer
    let length: Int

    init(bytes: [UInt8]) throws {
      let file = try #require(tmpfile())
      defer { fclose(file) }
      try #require(
        bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) } == bytes.count
      )
      fflush(file)
      let mapped = mmap(nil, bytes.count, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file), 0)
      try #require(mapped != MAP_FAILED)
      start = try #require(mapped)
      length = bytes.count
    }

    deinit { munmap(start, length) }

    /// How many of them are this process's own: bit 61 of /proc/self/pagemap says file or shared.
    func owned() throws -> Int {
      let page = getpagesize()
      let descriptor = open("/proc/self/pagemap", O_RDONLY)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      var words = [UInt64](repeating: 0, count: length / Int(page))
      let place = off_t(UInt(bitPattern: start) / UInt(page) * 8)
      let size = words.count * 8
      try #require(
        words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, size, place) } == size
      )
      return words.count { $0 >> 63 == 1 && $0 >> 61 & 1 == 0 }
    }
  }

  @Test func `pages become the process's own, and keep what they hold`() throws {
    let count = 5 * Int(getpagesize())
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let pages = try Pages(bytes: bytes)
    let held = UnsafeRawBufferPointer(start: pages.start, count: count)
    #expect(Array(held) == bytes)
    #expect(try pages.owned() == 0)
    // Nothing begins or ends where a page does.
    let done = ProgramVariables.own(from: pages.start + 100, to: pages.start + count - 100)
    // A kernel that can't leaves them as they were.
    #expect(try pages.owned() == (done ? 5 : 0))
    #expect(Array(held) == bytes)
  }

  @Test func `nothing is done where nobody knows where they are`() {
    let byte = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    defer { byte.deallocate() }
    #expect(!ProgramVariables.own(from: nil, to: byte))
    #expect(!ProgramVariables.own(from: byte, to: nil))
    #expect(!ProgramVariables.own(from: byte, to: byte - 2 * Int(getpagesize())))
  }

  @Test func `a program goes on with its own`() {
    ProgramVariables.own()
    ProgramVariables.own()
  }
}
