import Glibc
import OAIRouter
import Testing

@testable import oairouter

struct SupervisorTests {
  /// The manager's side: an abstract socket, and what came to it.
  private final class Listener: Sendable {
    let place: String
    private let descriptor: Int32

    init() throws {
      place = "@oairouter-tests-\(getpid())-\(UInt64.random(in: .min ... .max))"
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let name = [0] + Array(place.utf8.dropFirst())
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
      let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
      let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      try #require(result == 0)
    }

    deinit { close(descriptor) }

    /// The next message's lines; nil when none comes in time.
    ///
    /// Waits on a thread of its own: the router under test needs those of the pool, which the whole
    /// suite shares, so that its length is no failure.
    func next(milliseconds: Int32 = 300_000) async -> [String]? {
      await withCheckedContinuation { continuation in
        OwnThread.start("test") { continuation.resume(returning: self.take(milliseconds)) }
      }
    }

    private func take(_ milliseconds: Int32) -> [String]? {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, milliseconds) == 1 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &bytes, bytes.count, 0)
      return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        .split(separator: "\n").map(String.init)
    }

    /// Skips messages until one has a line that begins so; that line.
    func wait(for start: String) async -> String? {
      while let message = await next() {
        if let line = message.first(where: { $0.hasPrefix(start) }) { return line }
      }
      return nil
    }

    /// Takes all that is there already.
    func skip() async { while await next(milliseconds: 0) != nil {} }
  }

  private func started(
    _ listener: Listener,
    watchdog: Duration? = nil
  ) throws -> (Supervisor, Router, Task<Void, any Error>) {
    var options = RouterOptions()
    options.listen = [.loopback(port: 0)]
    let router = try Router(options)
    let manager = Supervisor(try NotifySocket(listener.place), watchdog: watchdog)
    manager.started(router)
    return (manager, router, Task { try await router.run() })
  }

  @Test func `a loop that is stuck feeds no watchdog`() async throws {
    let listener = try Listener()
    let (manager, router, running) = try started(listener, watchdog: .milliseconds(100))
    #expect(await listener.wait(for: "READY=1") != nil)
    #expect(await listener.wait(for: "WATCHDOG=1") != nil)
    var pipes: [Int32] = [0, 0]
    try #require(pipe(&pipes) == 0)
    let (reading, writing) = (pipes[0], pipes[1])
    await withCheckedContinuation { continuation in
      router.summary { _ in
        continuation.resume()
        var byte: UInt8 = 0
        _ = read(reading, &byte, 1)
      }
    }
    // What was answered in the same turn may still be on its way.
    _ = await listener.next(milliseconds: 100)
    await listener.skip()
    #expect(await listener.next(milliseconds: 1000) == nil, "twenty pings were due")
    close(writing)
    #expect(await listener.wait(for: "WATCHDOG=1") != nil, "it turns again")
    close(reading)
    manager.stopping(.draining)
    router.drain()
    try await running.value
  }

  @Test func `a reload begins with its time, and ends ready`() async throws {
    let listener = try Listener()
    let (manager, router, running) = try started(listener)
    #expect(await listener.wait(for: "READY=1") != nil)
    await listener.skip()
    var before = timespec()
    clock_gettime(CLOCK_MONOTONIC, &before)
    manager.reloadBegan()
    let message = try #require(await listener.next())
    #expect(message.first == "RELOADING=1")
    let time = try #require(
      message.first { $0.hasPrefix("MONOTONIC_USEC=") }.flatMap { UInt64($0.dropFirst(15)) }
    )
    #expect(time >= UInt64(before.tv_sec) * 1_000_000)
    manager.reloadEnded(trouble: "a.yaml:1:1: no such key\nand more")
    #expect(
      await listener.next() == [
        "READY=1",
        "STATUS=0/0 backends ready, 0 models, 0 streams, reload failed: a.yaml:1:1: no such key",
      ]
    )
    router.drain()
    try await running.value
  }

  @Test func `nothing is told of a reload that isn't one`() async throws {
    let listener = try Listener()
    let (manager, router, running) = try started(listener)
    #expect(await listener.wait(for: "READY=1") != nil)
    manager.stopping(.draining)
    #expect(await listener.wait(for: "STOPPING=1") != nil)
    await listener.skip()
    manager.reloadBegan()
    manager.reloadEnded()
    manager.stopping(.draining)
    #expect(await listener.next(milliseconds: 50) == nil)
    router.drain()
    try await running.value
  }

  @Test func `who has handed over says no more`() async throws {
    let listener = try Listener()
    let (manager, router, running) = try started(listener, watchdog: .milliseconds(100))
    #expect(await listener.wait(for: "WATCHDOG=1") != nil)
    async let isTaken = handOver(manager)
    #expect(await listener.wait(for: "MAINPID=") == "MAINPID=4711")
    #expect(await isTaken)
    // An answer that was on its way.
    _ = await listener.next(milliseconds: 100)
    await listener.skip()
    manager.stopping(.draining)
    #expect(await listener.next(milliseconds: 1000) == nil, "twenty pings would be due")
    manager.takeBack(isGoingOn: false)
    #expect(await listener.wait(for: "MAINPID=") == "MAINPID=\(getpid())")
    router.drain()
    try await running.value
  }

  /// On a thread of its own: somebody has to take what comes meanwhile.
  private func handOver(_ manager: Supervisor) async -> Bool {
    await withCheckedContinuation { continuation in
      OwnThread.start("test") {
        continuation.resume(returning: manager.handOver(to: 4711, within: .seconds(300)))
      }
    }
  }

  /// Fills the manager's queue, as one does that reads its own units again and takes nothing.
  private func fill(_ listener: Listener) throws {
    let socket = try NotifySocket(listener.place)
    while socket.send("STATUS=filler", within: .zero) == nil {}
  }

  @Test func `a manager that takes nothing for a while hears of it all the same`() async throws {
    let listener = try Listener()
    try fill(listener)
    let manager = Supervisor(try NotifySocket(listener.place), watchdog: nil)
    async let isTaken = handOver(manager)
    // For longer than what is less important would wait.
    #expect(try NotifySocket(listener.place).send("STATUS=more") == Errno(EAGAIN))
    #expect(await listener.wait(for: "MAINPID=") == "MAINPID=4711")
    #expect(await isTaken)
  }

  @Test func `whom the manager doesn't let go goes on as before`() async throws {
    let listener = try Listener()
    let (manager, router, running) = try started(listener)
    #expect(await listener.wait(for: "READY=1") != nil)
    try fill(listener)
    #expect(!manager.handOver(to: 4711, within: .milliseconds(1)))
    await listener.skip()
    manager.stopping(.draining)
    #expect(await listener.wait(for: "STOPPING=1") != nil)
    router.drain()
    try await running.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `a successor that is gone at once leaves the service where it was`() async throws {
    let listener = try Listener()
    let (manager, router, running) = try started(listener, watchdog: .milliseconds(100))
    #expect(await listener.wait(for: "READY=1") != nil)
    async let isTaken = handOver(manager)
    #expect(await listener.wait(for: "MAINPID=") == "MAINPID=4711")
    #expect(await isTaken)
    // The loop is asked meanwhile, and what it answers is told to nobody.
    _ = await listener.next(milliseconds: 500)
    manager.takeBack(isGoingOn: true)
    #expect(await listener.wait(for: "MAINPID=") == "MAINPID=\(getpid())")
    #expect(await listener.wait(for: "WATCHDOG=1") != nil)
    // Not that the successor is gone, for ever.
    #expect(await listener.wait(for: "STATUS=0/0 backends ready") != nil)
    router.drain()
    try await running.value
  }

  @Test func `readiness is told until it is taken`() async throws {
    let listener = try Listener()
    try fill(listener)
    let (_, router, running) = try started(listener, watchdog: .milliseconds(100))
    // Its first try is over by then, with nothing to show for it.
    #expect(try NotifySocket(listener.place).send("STATUS=more") == Errno(EAGAIN))
    #expect(try NotifySocket(listener.place).send("STATUS=more") == Errno(EAGAIN))
    #expect(await listener.wait(for: "READY=1") != nil)
    router.drain()
    try await running.value
  }

  @Test func `the watchdog's variables are for one process`() {
    func watchdog(_ microseconds: String?, _ pid: String?) -> Duration? {
      Supervisor.watchdog(microseconds: microseconds, pid: pid, own: 7)
    }
    #expect(watchdog("30000000", "7") == .seconds(30))
    #expect(watchdog("30000000", nil) == .seconds(30))
    #expect(watchdog("30000000", "8") == nil)
    #expect(watchdog("30000000", "x") == nil)
    for wrong in ["0", "-1", "", "1s"] { #expect(watchdog(wrong, "7") == nil) }
    #expect(watchdog(nil, nil) == nil)
  }

  @Test func `it is fed at half of the time, and told something every few seconds`() throws {
    func interval(_ watchdog: Duration?) throws -> Duration {
      Supervisor(try NotifySocket("@x"), watchdog: watchdog).interval
    }
    #expect(try interval(.seconds(4)) == .seconds(2))
    #expect(try interval(.seconds(60)) == Supervisor.pace)
    #expect(try interval(nil) == Supervisor.pace)
  }
}
