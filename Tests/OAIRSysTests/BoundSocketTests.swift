import Glibc
import Testing

@testable import OAIRSys

struct BoundSocketTests {
  /// The outcome of a blocking connection attempt on loopback, which is there at once.
  private func connect(_ address: SocketAddress) -> Int32 {
    let raw = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let owner = OwnedFD(owning: FileDescriptor(raw))
    let result = address.withSockaddr { Glibc.connect(owner.descriptor.raw, $0, $1) }
    return result == 0 ? 0 : errno
  }

  @Test
  func `it refuses connections until it listens`() throws {
    let socket = try BoundSocket(.loopback(port: 0))
    let address = socket.address
    #expect(address.port != 0)
    #expect(connect(address) == ECONNREFUSED)
    let listener = try socket.listen()
    #expect(listener.address == address)
    #expect(connect(address) == 0)
  }

  @Test
  func `of two that have one port, the first to listen keeps it`() throws {
    let first = try BoundSocket(.loopback(port: 0))
    let second = try BoundSocket(first.address)
    let listener = try second.listen()
    #expect(listener.address.port != 0)
    do throws(SystemError) {
      _ = try first.listen().release()
      Issue.record("both listen")
    } catch {
      #expect(error == SystemError("listen", .addressInUse))
    }
  }
}
