import Glibc
import OAIRouter
import Testing

@testable import oairouter

struct WholeFileWriterTests {
  private func contents(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test func `a file is replaced as a whole, and nothing is left beside it`() throws {
    let folder = "/tmp/oairouter-writer-\(UInt64.random(in: 0...UInt64.max))"
    try #require(mkdir(folder, 0o700) == 0)
    defer { rmdir(folder) }
    let path = folder + "/record"
    try WholeFileWriter.write(Array("first, and longer".utf8), to: path)
    try WholeFileWriter.write(Array("second".utf8), to: path)
    #expect(contents(path) == "second")
    unlink(path)
    // A folder can't be replaced by a file: what was written for it is removed.
    try #require(mkdir(path, 0o700) == 0)
    #expect(throws: SystemError.self) { try WholeFileWriter.write([1], to: path) }
    #expect(rmdir(path) == 0)
    #expect(throws: SystemError.self) { try WholeFileWriter.write([1], to: folder + "/no/file") }
    #expect(rmdir(folder) == 0)
  }
}
