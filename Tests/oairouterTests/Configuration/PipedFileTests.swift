import FoundationEssentials
import Glibc
import OAIRDiscovery
import OAIRouter
import Testing

@testable import oairouter

struct PipedFileTests {
  /// A pipe by the name that a shell's process substitution gives it.
  private final class Pipe {
    let path: String
    private let reader: Int32
    private let writer: Int32
    private var isWritable = true

    init(_ text: String) {
      var ends: [Int32] = [0, 0]
      #expect(Glibc.pipe(&ends) == 0)
      (reader, writer) = (ends[0], ends[1])
      path = "/proc/self/fd/\(reader)"
      #expect(write(writer, text, text.utf8.count) == text.utf8.count)
    }

    func end() {
      close(writer)
      isWritable = false
    }

    deinit {
      close(reader)
      if isWritable { close(writer) }
    }
  }

  /// A FIFO that nobody writes to; the caller removes it.
  private func fifo() -> String {
    let path = "/tmp/oairouter-fifo-\(UInt64.random(in: 0...UInt64.max))"
    #expect(mkfifo(path, 0o600) == 0)
    return path
  }

  private func problem(_ path: String, patience: Int32 = 10) -> String? {
    do {
      _ = try PipedFile.read(path, patience: patience)
      return nil
    } catch { return error.problem }
  }

  @Test
  func `what comes through a pipe is read to its end, and stays`() throws {
    let pipe = Pipe("queue: {max: 7}\n")
    pipe.end()
    let path = pipe.path
    #expect(PipedFile.isPipe(path) && !PipedFile.isPipe("/etc/passwd"))
    var source = ConfigurationSource(file: path, flags: [:], environment: [:])
    let bytes = try source.firstBytes()
    #expect(try source.settings(of: bytes).value("queue.max") == .integer(7))
    // SIGHUP finds the same, not an empty pipe.
    let again = try source.bytes()
    #expect(again == bytes && source.isPiped)
  }

  @Test
  func `a pipe that nobody writes to, or that nobody ends, isn't waited for for ever`() {
    let pipe = Pipe("queue: ")
    let silence = "the file can't be read: nothing has come through the pipe for 10 ms"
    #expect(problem(pipe.path) == silence)
    let fifo = fifo()
    defer { unlink(fifo) }
    #expect(problem(fifo) == silence)
  }

  @Test(.timeLimit(.minutes(5)))
  func `a pipe without end is given up`() async throws {
    let fifo = fifo()
    defer { unlink(fifo) }
    let writer = OwnThreadWriter(fifo)
    writer.start()
    let limit = "the file can't be read: it is larger than \(DiscoveryLimits.backendFile) bytes"
    #expect(problem(fifo, patience: 60_000) == limit)
  }

  /// Writes until nobody reads any more.
  private struct OwnThreadWriter {
    let path: String
    init(_ path: String) { self.path = path }

    func start() {
      signal(SIGPIPE, SIG_IGN)
      let path = path
      OwnThread.start("writer") {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        let spaces = [UInt8](repeating: 0x20, count: 4096)
        while write(file, spaces, spaces.count) > 0 {}
        close(file)
      }
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a key file that is a FIFO, or is too large, is refused at once`() throws {
    let fifo = fifo()
    defer { unlink(fifo) }
    let failure = #expect(throws: CommandFailure.self) { try KeyFile.secret(fifo) }
    #expect(failure?.text == "the key file \(fifo) can't be read: it isn't a regular file")
    let large = fifo + ".large"
    try Data(repeating: 0x61, count: 8193).write(to: URL(filePath: large))
    defer { unlink(large) }
    let limit = #expect(throws: CommandFailure.self) { try KeyFile.secret(large) }
    #expect(limit?.text == "the key file \(large) can't be read: it is larger than 8192 bytes")
  }
}
