import Glibc
import OAIRSys

/// A point in time by which something must be done.
struct Deadline {
  let limit: Duration
  private let end: ContinuousClock.Instant

  init(_ limit: Duration) {
    self.limit = limit
    end = .now + limit
  }

  /// What poll(2) may wait, rounded up; 0 when the time is over.
  var milliseconds: Int32 {
    let (seconds, attoseconds) = (end - .now).components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
  }
}

/// A connection whose calls wait, but not beyond a deadline.
struct SocketStream: ~Copyable {
  private let owner: OwnedFD
  private let server: ServerURL
  private let deadline: Deadline

  /// Connects to the first address of the server that answers.
  ///
  /// - Throws: `CommandFailure` with the last address's reason.
  init(_ server: ServerURL, _ deadline: Deadline) throws(CommandFailure) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(server.host, "\(server.port)", &hints, &list)
    guard result == 0 else {
      throw CommandFailure(
        "'\(server.host)' can't be resolved: \(String(cString: gai_strerror(result)))")
    }
    defer { freeaddrinfo(list) }
    var reason = ECONNREFUSED
    var next = list
    while let entry = next?.pointee {
      switch Self.connect(to: entry, deadline) {
      case .success(let raw):
        owner = OwnedFD(owning: FileDescriptor(raw))
        self.server = server
        self.deadline = deadline
        return
      case .failure(let error): reason = error.code
      }
      next = entry.ai_next
    }
    throw Self.failure(server, reason, deadline)
  }

  private static func connect(
    to entry: addrinfo, _ deadline: Deadline
  ) -> Result<Int32, Errno> {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let raw = socket(entry.ai_family, type, 0)
    guard raw >= 0 else { return .failure(Errno(errno)) }
    var code: Int32 = 0
    if Glibc.connect(raw, entry.ai_addr, entry.ai_addrlen) != 0 { code = errno }
    if code == EINPROGRESS || code == EINTR {
      code = wait(raw, for: POLLOUT, deadline) ? pendingError(raw) : ETIMEDOUT
    }
    guard code != 0 else { return .success(raw) }
    close(raw)
    return .failure(Errno(code))
  }

  private static func pendingError(_ raw: Int32) -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }

  /// - Returns: false when the deadline has passed.
  private static func wait(_ raw: Int32, for events: Int32, _ deadline: Deadline) -> Bool {
    var item = pollfd(fd: raw, events: Int16(events), revents: 0)
    while true {
      let count = poll(&item, 1, deadline.milliseconds)
      if count > 0 { return true }
      if count == 0 || errno != EINTR { return false }
    }
  }

  private static func failure(
    _ server: ServerURL, _ code: Int32, _ deadline: Deadline
  ) -> CommandFailure {
    switch code {
    case ECONNREFUSED:
      CommandFailure(
        "nobody listens at \(server): is the server running, and is --url its address?")
    case ETIMEDOUT, EAGAIN:
      CommandFailure("\(server) didn't answer within \(deadline.limit.components.seconds) s")
    default: CommandFailure("\(server): \(Errno(code).text)")
    }
  }

  /// Sends all bytes.
  func send(_ bytes: [UInt8]) throws(CommandFailure) {
    var sent = 0
    while sent < bytes.count {
      let raw = owner.descriptor.raw
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { sent += count }
      guard count < 0, errno != EINTR else { continue }
      guard errno == EAGAIN else { throw Self.failure(server, errno, deadline) }
      guard Self.wait(raw, for: POLLOUT, deadline) else {
        throw Self.failure(server, ETIMEDOUT, deadline)
      }
    }
  }

  /// Receives what is there.
  ///
  /// - Returns: nothing when the server has closed.
  func receive() throws(CommandFailure) -> [UInt8] {
    let raw = owner.descriptor.raw
    var code: Int32 = 0
    while true {
      let bytes = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { memory, count in
        let received = recv(raw, memory.baseAddress, memory.count, 0)
        code = received < 0 ? errno : 0
        count = max(received, 0)
      }
      switch code {
      case 0: return bytes
      case EINTR: continue
      case EAGAIN:
        guard Self.wait(raw, for: POLLIN, deadline) else {
          throw Self.failure(server, ETIMEDOUT, deadline)
        }
      default: throw Self.failure(server, code, deadline)
      }
    }
  }
}
