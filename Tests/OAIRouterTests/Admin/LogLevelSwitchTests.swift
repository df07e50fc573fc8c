import Glibc
import Logging
import OAIRSys
import Synchronization
import Testing

@testable import OAIRouter

struct LogLevelSwitchTests {
  private final class Seen: Sendable {
    let levels = Mutex<[Logger.Level]>([])
  }

  @Test func `observers are told the level, and each change`() {
    let level = LogLevelSwitch(.info)
    let seen = Seen()
    level.observe { new in seen.levels.withLock { $0.append(new) } }
    level.level = .debug
    level.level = .error
    #expect(seen.levels.withLock { $0 } == [.info, .debug, .error])
    #expect(level.level == .error)
  }

  @Test func `loggers that were made before go by it`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let reader = OwnedFD(owning: FileDescriptor(ends[0]))
    let writer = OwnedFD(owning: FileDescriptor(ends[1]))
    let level = LogLevelSwitch(.warning)
    let handler = LineLogHandler(.json, to: writer.descriptor, level: level)
    let logger = Logger(label: "test") { _ in handler }
    logger.info("one")
    level.level = .info
    logger.info("two")
    level.level = .error
    logger.warning("three")
    var block = [UInt8](repeating: 0, count: 4096)
    let count = read(reader.descriptor.raw, &block, block.count)
    let lines = String(decoding: block.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 1 && lines.first?.contains("\"two\"") == true)
  }
}
