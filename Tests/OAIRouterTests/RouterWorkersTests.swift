import Glibc
import OAIRSys
import OAIRouter
import Testing

struct RouterWorkersTests {
  /// A connection whose other end the router has.
  private func hand(to router: Router) throws -> Int32 {
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    try router.serve(OwnedFD(owning: FileDescriptor(ends[0])))
    return ends[1]
  }

  private func answer(_ descriptor: Int32) -> String {
    let request = Array("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    #expect(write(descriptor, request, request.count) == request.count)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  private func summary(_ router: Router) async -> RouterSummary? {
    await withCheckedContinuation { continuation in
      router.summary { continuation.resume(returning: $0) }
    }
  }

  @Test func `workers share what a program hands over, and all of them drain`() async throws {
    var options = RouterOptions()
    options.listen = []
    options.workers = 3
    let router = try Router(options)
    let early = try (0..<3).map { _ in try hand(to: router) }
    async let run: Void = router.run()
    let clients = try early + (0..<3).map { _ in try hand(to: router) }
    for client in clients { #expect(answer(client).hasPrefix("HTTP/1.1 200")) }
    #expect(await summary(router)?.connections == 6)
    for client in clients { close(client) }
    router.drain()
    try await run
    #expect(await summary(router) == nil)
    #expect(throws: RouterError.self) { _ = try hand(to: router) }
  }

  @Test(arguments: [-1, 0, 65])
  func `there are 1 to 64`(workers: Int) {
    var options = RouterOptions()
    options.workers = workers
    #expect(throws: ConfigurationError.self) { try options.validate() }
  }

  @Test func `each worker has a connection at least`() throws {
    var options = RouterOptions()
    options.workers = 4
    options.proxy.limits.connections = 3
    #expect(throws: ConfigurationError.self) { try options.validate() }
    options.proxy.limits.connections = 4
    try options.validate()
  }
}
