import Glibc
import OAIRReactor
import OAIRSys
import Synchronization
import Testing

struct MailboxTests {
  private func isReadable(_ mailbox: Mailbox<Int>) -> Bool {
    var entry = pollfd(fd: mailbox.descriptor.raw, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 1
  }

  @Test func `the newest value wins and is taken once`() throws {
    let mailbox = try Mailbox<Int>()
    #expect(mailbox.take() == nil)
    mailbox.publish(1)
    mailbox.publish(2)
    #expect(isReadable(mailbox))
    #expect(mailbox.take() == 2)
    #expect(mailbox.take() == nil)
    #expect(!isReadable(mailbox))
  }

  @Test func `messages that add up see what waits`() throws {
    let mailbox = try Mailbox<Int>()
    mailbox.update { ($0 ?? 100) + 1 }
    mailbox.update { ($0 ?? 100) + 1 }
    #expect(isReadable(mailbox))
    #expect(mailbox.take() == 102)
    mailbox.update { ($0 ?? 100) + 1 }
    #expect(mailbox.take() == 101)
  }

  @Test func `nothing that other threads leave is lost, and each wake-up finds something new`()
    throws
  {
    let mailbox = try Mailbox<Int>()
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    try kernel.watch(mailbox.descriptor, token: 1, interest: .readableLevel)
    let perThread = 5000
    let threads = try (0..<3).map { _ in
      try SecondThread { for _ in 0..<perThread { mailbox.update { ($0 ?? 0) + 1 } } }
    }
    var sum = 0
    var ticks = 0
    while sum < 3 * perThread, ticks < 1_000_000 {
      ticks += 1
      if kernel.wait(timeoutMilliseconds: 10_000) == 0 { break }
      sum += mailbox.take() ?? 0
    }
    #expect(sum == 3 * perThread)
    for thread in threads { thread.join() }
    #expect(mailbox.take() == nil)
  }

  @Test func `a reader always gets to the last of a row of values`() throws {
    let mailbox = try Mailbox<Int>()
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    try kernel.watch(mailbox.descriptor, token: 1, interest: .readableLevel)
    let thread = try SecondThread { for value in 1...20_000 { mailbox.publish(value) } }
    var newest = 0
    while newest < 20_000 {
      try #require(kernel.wait(timeoutMilliseconds: 10_000) == 1, "stuck at \(newest)")
      guard let value = mailbox.take() else { continue }
      #expect(value > newest)
      newest = value
    }
    thread.join()
  }
}

/// A thread that runs one closure.
final class SecondThread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private var thread = pthread_t()

  init(_ body: @escaping @Sendable () -> Void) throws {
    let work = Unmanaged.passRetained(Work(body))
    let result = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      },
      work.toOpaque()
    )
    guard result == 0 else {
      work.release()
      throw SystemError("pthread_create", Errno(result))
    }
  }

  /// Waits for its end; once.
  func join() { pthread_join(thread, nil) }
}
