import Glibc
import OAIRAdmin
import OAIRSys
import OAIRouter
import Testing

struct HandedOverAdminTests {
  @Test(.timeLimit(.minutes(5)))
  func `its key stays needed although its descriptor means something else by now`() async throws {
    let listener = try ListeningSocket(.loopback(port: 0))
    var options = RouterOptions()
    options.listen = [.loopback(port: 0)]
    options.admin.place = .listener(listener.owner.descriptor)
    options.admin.key = AdminKey("0123456789abcdef")
    let router = try Router(options)
    let running = Task { try await router.run() }
    options.admin.place = .listener(FileDescriptor(-1))
    var open = options
    open.admin.key = nil
    await #expect(throws: RouterError.self) { try await router.reconfigure(open) }
    options.admin.key = AdminKey("fedcba9876543210")
    _ = try await router.reconfigure(options)
    router.drain()
    try await running.value
  }
}
