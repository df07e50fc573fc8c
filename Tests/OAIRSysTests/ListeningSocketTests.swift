import Glibc
import Testing

@testable import OAIRSys

/// A directory of a test's own, removed with everything in it.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/oairsys.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["s", "f"] { unlink(path + "/" + name) }
    rmdir(path)
  }

  func file(_ name: String) -> String { path + "/" + name }
}

struct ListeningSocketTests {
  private func connects(to address: SocketAddress) throws -> Bool {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    switch kernel.connect(to: address) {
    case .connected(let descriptor):
      closeOrTrap(descriptor)
      return true
    case .inProgress(let descriptor):
      defer { closeOrTrap(descriptor) }
      var entry = pollfd(fd: descriptor.raw, events: Int16(POLLOUT), revents: 0)
      return poll(&entry, 1, 5000) == 1 && kernel.connectError(descriptor) == nil
    case .failed: return false
    }
  }

  @Test(arguments: [SocketAddress.loopback(port: 0), .ipv6(0, 1, scope: 0, port: 0)])
  func `port 0 becomes a number, and connections arrive there`(address: SocketAddress) throws {
    let listener = try ListeningSocket(address)
    let port = try #require(listener.address.port)
    #expect(port != 0)
    #expect(listener.address == address.with(port: port))
    #expect(try connects(to: listener.address))
  }

  @Test func `it closes with exec and doesn't block`() throws {
    let listener = try ListeningSocket(.loopback(port: 0))
    let raw = listener.owner.descriptor.raw
    #expect(fcntl(raw, F_GETFD) & FD_CLOEXEC != 0)
    #expect(fcntl(raw, F_GETFL) & O_NONBLOCK != 0)
  }

  @Test func `a port in use is refused with the call and the reason`() throws {
    let first = try ListeningSocket(.loopback(port: 0))
    let address = first.address
    #expect(throws: SystemError("bind", .addressInUse)) {
      _ = try ListeningSocket(address).release()
    }
  }

  @Test func `a unix socket takes connections`() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress.unix(directory.file("s"))
    let listener = try ListeningSocket(address)
    #expect(listener.address == address)
    #expect(try connects(to: address))
  }

  @Test func `a socket file that nobody listens on any more is replaced`() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress.unix(directory.file("s"))
    do { _ = try ListeningSocket(address) }
    #expect(access(directory.file("s"), F_OK) == 0, "it outlives its socket")
    #expect(try !connects(to: address))
    let second = try ListeningSocket(address)
    #expect(second.address == address)
    #expect(try connects(to: address))
  }

  @Test func `a socket file that somebody listens on is left alone`() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress.unix(directory.file("s"))
    let first = try ListeningSocket(address)
    #expect(throws: SystemError("bind", .addressInUse)) {
      _ = try ListeningSocket(address).release()
    }
    #expect(first.address == address)
    #expect(try connects(to: address))
  }

  @Test func `a socket whose backlog is full is left alone, and nobody waits for it`() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress.unix(directory.file("s"))
    let first = try ListeningSocket(address)
    // listen(2) again only changes the backlog; 0 leaves room for one.
    #expect(listen(first.owner.descriptor.raw, 0) == 0)
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    var waiting: [FileDescriptor] = []
    defer { for descriptor in waiting { closeOrTrap(descriptor) } }
    while case .connected(let descriptor) = kernel.connect(to: address), waiting.count < 64 {
      waiting.append(descriptor)
    }
    #expect(!waiting.isEmpty && waiting.count < 64)
    #expect(throws: SystemError("bind", .addressInUse)) {
      _ = try ListeningSocket(address).release()
    }
    #expect(access(directory.file("s"), F_OK) == 0)
  }

  @Test func `a socket's file has the mode that was asked for, whatever the umask lets through`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file("s")
    let listener = try ListeningSocket(.unix(path), permissions: 0o600)
    var status = stat()
    #expect(lstat(path, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o600)
    #expect(try connects(to: listener.address))
  }

  @Test func `a file that isn't a socket is left alone`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("f")
    let file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    try #require(file >= 0)
    closeOrTrap(FileDescriptor(file))
    #expect(throws: SystemError("bind", .addressInUse)) {
      _ = try ListeningSocket(.unix(path)).release()
    }
    #expect(access(path, F_OK) == 0)
  }

  @Test func `a directory that isn't there is named by bind`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: SystemError("bind", Errno(ENOENT))) {
      _ = try ListeningSocket(.unix(directory.file("no/s"))).release()
    }
  }

  @Test func `a listener of somebody else is adopted with its address`() throws {
    let first = try ListeningSocket(.loopback(port: 0))
    let address = first.address
    let adopted = try ListeningSocket(adopting: OwnedFD(owning: first.release()))
    #expect(adopted.address == address)
    #expect(try connects(to: address))
  }

  @Test func `a listener of somebody else is shared, and stays that one's`() throws {
    let first = try ListeningSocket(.loopback(port: 0))
    let address = first.address
    do {
      let second = try ListeningSocket(duplicating: first.owner.descriptor)
      #expect(second.address == address)
      #expect(fcntl(second.owner.descriptor.raw, F_GETFL) & O_NONBLOCK != 0)
    }
    #expect(try connects(to: address), "it's still open")
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    #expect(throws: SystemError("listen", Errno(EINVAL))) {
      _ = try ListeningSocket(duplicating: FileDescriptor(socket)).release()
    }
  }
}
