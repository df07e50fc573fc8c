import OAIRAdmin
import OAIRSys
import Synchronization
import Testing

@testable import OAIRouter

struct AdministrationTests {
  private final class Listener: Sendable {
    private let address = SocketAddress.loopback(port: 0)
    private let starts = Mutex(0)
    var timesOpened: Int { starts.withLock { $0 } }

    func open() throws(SystemError) -> AdminServer {
      starts.withLock { $0 += 1 }
      return try AdminServer(try ListeningSocket(address), key: nil) { _ in
        AdminResponse(200, [])
      }
    }
  }

  private let listener = Listener()
  private let administration = Administration()

  private func begin() throws {
    let listener = listener
    try administration.begin { () throws(SystemError) in try listener.open() }
  }

  @Test func `administrators are let in from the beginning on, unless they are held`() async throws
  {
    try begin()
    #expect(listener.timesOpened == 1)
    administration.hold()
    try administration.admit()
    #expect(listener.timesOpened == 1)
    await administration.stop()
  }

  @Test func `who was held is let in once`() async throws {
    administration.hold()
    try begin()
    #expect(listener.timesOpened == 0)
    try administration.admit()
    try administration.admit()
    #expect(listener.timesOpened == 1)
    await administration.stop()
  }

  @Test func `what may begin before it can is remembered`() async throws {
    administration.hold()
    try administration.admit()
    try begin()
    #expect(listener.timesOpened == 1)
    await administration.stop()
  }

  @Test(arguments: [false, true])
  func `nobody is let in behind the end`(isPrepared: Bool) async throws {
    administration.hold()
    if isPrepared { try begin() }
    await administration.stop()
    try begin()
    try administration.admit()
    #expect(listener.timesOpened == 0)
  }
}
