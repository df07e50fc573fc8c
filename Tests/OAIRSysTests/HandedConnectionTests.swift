import Glibc
import Testing

@testable import OAIRSys

struct HandedConnectionTests {
  private func pair() throws -> [Int32] {
    var pair: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
    return pair
  }

  @Test func `it's made ready, and taken once`() throws {
    let pair = try pair()
    defer { close(pair[1]) }
    let handed = try HandedConnection(OwnedFD(owning: FileDescriptor(pair[0])))
    #expect(fcntl(pair[0], F_GETFL) & O_NONBLOCK != 0)
    #expect(fcntl(pair[0], F_GETFD) & FD_CLOEXEC != 0)
    #expect(handed.local.isLoopback, "a unix socket")
    let taken = try #require(handed.take())
    #expect(taken.raw == pair[0] && handed.take() == nil)
    close(taken.raw)
  }

  @Test func `one that nobody takes is closed`() throws {
    let pair = try pair()
    defer { close(pair[1]) }
    do { _ = try HandedConnection(OwnedFD(owning: FileDescriptor(pair[0]))) }
    var byte: UInt8 = 0
    #expect(read(pair[1], &byte, 1) == 0, "its peer reads an end")
  }

  @Test func `what isn't connected is refused`() throws {
    let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #expect(throws: SystemError.self) {
      try HandedConnection(OwnedFD(owning: FileDescriptor(raw)))
    }
  }

  @Test func `what is refused is closed`() throws {
    // Its number may be another test's by now: the other end of a pipe tells.
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    #expect(throws: SystemError.self) {
      try HandedConnection(OwnedFD(owning: FileDescriptor(ends[1])))
    }
    var byte: UInt8 = 0
    #expect(read(ends[0], &byte, 1) == 0)
  }
}
