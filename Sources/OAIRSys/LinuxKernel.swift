import COAIRSys
import Glibc

/// The real kernel: one epoll instance and the socket calls.
///
/// Owned by one reactor; `shutdown()` closes the epoll descriptor.
public struct LinuxKernel: Kernel {
  /// LIMIT: events taken by one epoll_wait(2); more stay ready for the next tick.
  static let eventsPerWait = 512

  /// LIMIT: bytes that a peer may have on their way to us, per connection.
  static let receiveWindow: Int32 = 512 << 10

  /// LIMIT: bytes that the kernel takes from us for a client beyond those that are on their way.
  static let unsentBytes: Int32 = 256 << 10

  /// Pieces of so many bytes together are sent as one: copying them costs less than the 160 ns that
  /// sendmsg(2) takes longer than send(2).
  private static let gathered = 2048

  private let poller: Int32
  // SAFETY: allocated in init, freed in shutdown(), touched on the reactor's thread only.
  private let events: UnsafeMutablePointer<epoll_event>
  // SAFETY: as `events`; holds `gathered` bytes, of which none outlives a call.
  private let pieces: UnsafeMutableRawPointer

  /// Opens an epoll instance.
  ///
  /// - Throws: `SystemError` when the kernel has no descriptor or memory left.
  public init() throws(SystemError) {
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poller >= 0 else { throw SystemError("epoll_create1", .current) }
    events = .allocate(capacity: Self.eventsPerWait)
    pieces = .allocate(byteCount: Self.gathered, alignment: 16)
  }

  /// Closes the epoll instance; no call may follow.
  public func shutdown() {
    closeOrTrap(FileDescriptor(poller))
    events.deallocate()
    pieces.deallocate()
  }

  /// CLOCK_BOOTTIME in nanoseconds: a laptop that slept must not reuse its old connections.
  public func now() -> UInt64 { Self.now() }

  /// The same clock for code that has no kernel at hand.
  public static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// epoll_wait(2).
  public func wait(timeoutMilliseconds: Int32) -> Int {
    let count = epoll_wait(poller, events, Int32(Self.eventsPerWait), timeoutMilliseconds)
    if count >= 0 { return Int(count) }
    // A signal woke us: an empty tick is the right answer, its timers may be due.
    precondition(errno == EINTR, "epoll_wait failed with errno \(errno)")
    return 0
  }

  /// The i-th event that epoll_wait(2) wrote.
  public func event(_ index: Int) -> PollEvent {
    let event = events[index]
    return PollEvent(token: event.data.u64, readiness: Readiness(epoll: event.events))
  }

  /// EPOLL_CTL_ADD.
  public func watch(_ descriptor: FileDescriptor, token: UInt64, interest: Interest)
    throws(SystemError)
  {
    var event = epoll_event()
    event.events = interest.epollBits
    event.data.u64 = token
    guard epoll_ctl(poller, EPOLL_CTL_ADD, descriptor.raw, &event) == 0 else {
      throw SystemError("epoll_ctl", .current)
    }
  }

  /// EPOLL_CTL_DEL.
  public func unwatch(_ descriptor: FileDescriptor) {
    _ = epoll_ctl(poller, EPOLL_CTL_DEL, descriptor.raw, nil)
  }

  /// eventfd(2): the cheapest there is.
  public func openReserve() -> FileDescriptor? {
    let raw = eventfd(0, Int32(EFD_CLOEXEC))
    return raw >= 0 ? FileDescriptor(raw) : nil
  }

  /// accept4(2).
  public func accept(_ listener: FileDescriptor) -> AcceptResult {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let raw = withUnsafeMutablePointer(to: &storage) { pointer in
      // SAFETY: sockaddr_storage is as large and as aligned as every sockaddr.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        accept4(listener.raw, $0, &length, flags)
      }
    }
    guard raw >= 0 else { return Self.acceptFailure(.current) }
    let peer = SocketAddress(storage, length: length)
    if peer.family != AF_UNIX { Self.setOption(raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
    return .accepted(FileDescriptor(raw), peer)
  }

  private static func acceptFailure(_ error: Errno) -> AcceptResult {
    if error.code == EAGAIN { return .wouldBlock }
    if error.isExhaustion { return .exhausted(error) }
    precondition(error.code != EBADF && error.code != ENOTSOCK, "accept4 on a closed listener")
    // accept(2): errors of the new connection itself are reported here and mean "try again".
    return .aborted
  }

  /// socket(2) and connect(2).
  public func connect(to address: SocketAddress) -> ConnectResult {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let raw = socket(address.family, type, 0)
    guard raw >= 0 else { return .failed(.current) }
    if address.family != AF_UNIX {
      Self.setOption(raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
      // What a backend may send ahead of a client that doesn't read: the kernel would let this
      // window grow to 6 MiB.
      Self.setOption(raw, Int32(IPPROTO_TCP), TCP_WINDOW_CLAMP, Self.receiveWindow)
    }
    let result = address.withSockaddr { Glibc.connect(raw, $0, $1) }
    if result == 0 { return .connected(FileDescriptor(raw)) }
    let error = Errno.current
    // EINTR: the connection goes on being made in the background (connect(2)).
    if error.code == EINPROGRESS || error.code == EINTR { return .inProgress(FileDescriptor(raw)) }
    closeOrTrap(FileDescriptor(raw))
    return .failed(error)
  }

  /// SO_ERROR of a connect that was under way.
  public func connectError(_ descriptor: FileDescriptor) -> Errno? {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor.raw, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
      return .current
    }
    return code == 0 ? nil : Errno(code)
  }

  /// recv(2).
  public func receive(
    _ descriptor: FileDescriptor,
    into memory: UnsafeMutableRawBufferPointer
  ) -> IOResult {
    while true {
      let count = recv(descriptor.raw, memory.baseAddress, memory.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .endOfFile }
      if errno != EINTR { return Self.failure() }
    }
  }

  /// send(2) with MSG_NOSIGNAL.
  public func send(_ descriptor: FileDescriptor, _ bytes: UnsafeRawBufferPointer) -> IOResult {
    while true {
      let count = Glibc.send(
        descriptor.raw,
        bytes.baseAddress,
        bytes.count,
        Int32(MSG_NOSIGNAL)
      )
      if count >= 0 { return .bytes(count) }
      if errno != EINTR { return Self.failure() }
    }
  }

  /// Two pieces with MSG_NOSIGNAL, in one system call.
  public func send(
    _ descriptor: FileDescriptor,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    let total = first.count &+ second.count
    guard total <= Self.gathered else { return sendPieces(descriptor, first, second) }
    if let start = first.baseAddress { memcpy(pieces, start, first.count) }
    if let start = second.baseAddress { memcpy(pieces + first.count, start, second.count) }
    return send(descriptor, UnsafeRawBufferPointer(start: pieces, count: total))
  }

  /// sendmsg(2) of two pieces.
  private func sendPieces(
    _ descriptor: FileDescriptor,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    // SAFETY: sendmsg only reads the pieces, and both outlive the call.
    var pieces = (
      iovec(
        iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress),
        iov_len: first.count
      ),
      iovec(
        iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress),
        iov_len: second.count
      )
    )
    return withUnsafeMutableBytes(of: &pieces) { memory in
      var message = msghdr()
      message.msg_iov = memory.baseAddress?.assumingMemoryBound(to: iovec.self)
      message.msg_iovlen = 2
      while true {
        let count = sendmsg(descriptor.raw, &message, Int32(MSG_NOSIGNAL))
        if count >= 0 { return .bytes(count) }
        if errno != EINTR { return Self.failure() }
      }
    }
  }

  /// SIOCOUTQ (tcp(7), unix(7)); 0 for a socket that can't tell.
  public func unacknowledged(_ descriptor: FileDescriptor) -> Int {
    var count: Int32 = 0
    guard ioctl(descriptor.raw, UInt(TIOCOUTQ), &count) == 0 else { return 0 }
    return Int(count)
  }

  /// shutdown(2) of the writing side; a peer that is gone already is no error.
  public func shutdownWriting(_ descriptor: FileDescriptor) {
    _ = Glibc.shutdown(descriptor.raw, Int32(SHUT_WR))
  }

  /// SO_LINGER with a time of zero (socket(7)).
  public func resetOnClose(_ descriptor: FileDescriptor) {
    var value = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor.raw,
      SOL_SOCKET,
      SO_LINGER,
      &value,
      socklen_t(MemoryLayout<linger>.size)
    )
  }

  /// close(2).
  public func close(_ descriptor: FileDescriptor) { closeOrTrap(descriptor) }

  private static func failure() -> IOResult {
    let error = Errno.current
    if error.code == EAGAIN { return .wouldBlock }
    precondition(
      error.code != EBADF && error.code != ENOTSOCK && error.code != EFAULT,
      "socket call on a descriptor that isn't ours"
    )
    return .failed(error)
  }

  static func setOption(_ raw: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
