import COAIRSys
import Glibc
import OAIRSys
import Synchronization
import Testing

struct EventFDTests {
  private func isReadable(_ event: borrowing EventFD) -> Bool {
    var entry = pollfd(fd: event.descriptor.raw, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 1
  }

  @Test func `signals make it readable until it is cleared`() throws {
    let event = try EventFD()
    var now = isReadable(event)
    #expect(!now)
    event.signal()
    event.signal()
    now = isReadable(event)
    #expect(now)
    event.clear()
    now = isReadable(event)
    #expect(!now)
  }

  @Test func `clearing what isn't signalled doesn't block`() throws {
    let event = try EventFD()
    event.clear()
    let now = isReadable(event)
    #expect(!now)
  }

  @Test func `a full counter doesn't block a signal`() throws {
    let event = try EventFD()
    // eventfd(2): the largest value is 2^64 − 2; one more would block.
    #expect(eventfd_write(event.descriptor.raw, .max - 1) == 0)
    event.signal()
    let now = isReadable(event)
    #expect(now)
  }

  @Test func `it closes with exec and doesn't block`() throws {
    let event = try EventFD()
    #expect(fcntl(event.descriptor.raw, F_GETFD) & FD_CLOEXEC != 0)
    #expect(fcntl(event.descriptor.raw, F_GETFL) & O_NONBLOCK != 0)
  }

  @Test func `a signal from another thread ends a wait`() throws {
    let event = try EventFD()
    let count = 200
    try withSecondThread {
      for _ in 0..<count { event.signal() }
    } meanwhile: {
      event.waitUntilSignalled()
      event.clear()
    }
  }
}

/// Runs one closure on a thread of its own and another one here, and waits for both.
func withSecondThread(
  _ body: @escaping @Sendable () -> Void,
  meanwhile here: () throws -> Void
) throws {
  final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
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
  try #require(result == 0)
  defer { pthread_join(thread, nil) }
  try here()
}
