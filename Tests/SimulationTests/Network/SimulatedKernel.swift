import Glibc
import OAIRSys

/// The router's window on the simulated network: the same calls as `LinuxKernel`, the same results.
struct SimulatedKernel: Kernel {
  let network: SimulatedNetwork

  func now() -> UInt64 { network.now }

  func wait(timeoutMilliseconds: Int32) -> Int { network.wait(timeoutMilliseconds) }

  func event(_ index: Int) -> PollEvent { network.events[index] }

  func watch(_ descriptor: FileDescriptor, token: UInt64, interest: Interest)
    throws(SystemError)
  {
    network.enter()
    if let code = network.failure(of: .watch) { throw SystemError("epoll_ctl", Errno(code)) }
    try network.watch(descriptor.raw, token: token, interest: interest)
  }

  func unwatch(_ descriptor: FileDescriptor) {
    network.enter()
    network.unwatch(descriptor.raw)
  }

  func openReserve() -> FileDescriptor? { nil }

  func accept(_ listener: FileDescriptor) -> AcceptResult {
    network.enter()
    if let code = network.failure(of: .accept) { return .exhausted(Errno(code)) }
    return network.accept(listener.raw)
  }

  func connect(to address: SocketAddress) -> ConnectResult {
    network.enter()
    if let code = network.failure(of: .connect) { return .failed(Errno(code)) }
    return network.connect(to: address)
  }

  func connectError(_ descriptor: FileDescriptor) -> Errno? {
    network.enter()
    guard let socket = network.socket(descriptor.raw, "getsockopt") else { return Errno(EBADF) }
    if let code = network.failure(of: .connectError, on: socket) { return Errno(code) }
    return socket.connectError().map { Errno($0) }
  }

  func receive(
    _ descriptor: FileDescriptor,
    into memory: UnsafeMutableRawBufferPointer
  ) -> IOResult {
    network.enter()
    network.require(memory.count > 0, "a read into no memory")
    guard let socket = network.socket(descriptor.raw, "recv") else { return .failed(Errno(EBADF)) }
    if let code = network.failure(of: .receive, on: socket) { return .failed(Errno(code)) }
    let moved = socket.receive(into: memory)
    network.noteMoved("recv fd # = #", descriptor.raw, moved)
    return Self.result(moved)
  }

  func send(_ descriptor: FileDescriptor, _ bytes: UnsafeRawBufferPointer) -> IOResult {
    network.enter()
    network.require(bytes.count > 0, "a write of nothing")
    guard let socket = network.socket(descriptor.raw, "send") else { return .failed(Errno(EBADF)) }
    if let code = network.failure(of: .send, on: socket) { return .failed(Errno(code)) }
    let moved = send(socket, bytes)
    network.noteMoved("send fd # = #", descriptor.raw, moved)
    return Self.result(moved)
  }

  func send(
    _ descriptor: FileDescriptor,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    network.enter()
    network.require(first.count > 0 && second.count > 0, "a gathered write of an empty piece")
    guard let socket = network.socket(descriptor.raw, "sendmsg") else {
      return .failed(Errno(EBADF))
    }
    if let code = network.failure(of: .send, on: socket) { return .failed(Errno(code)) }
    var moved = send(socket, first)
    if moved == .bytes(first.count), case .bytes(let more) = send(socket, second) {
      moved = .bytes(first.count + more)
    }
    network.noteMoved("sendmsg fd # = #", descriptor.raw, moved)
    return Self.result(moved)
  }

  /// Sends what there is, or what a saboteur makes of it: the router doesn't see the difference.
  private func send(
    _ socket: SimulatedSocket,
    _ bytes: UnsafeRawBufferPointer
  ) -> SimulatedSocket.Moved {
    guard let saboteur = network.saboteur, socket.hasRoom(for: bytes.count + 64),
      let other = saboteur.replacement(for: bytes, to: socket.side)
    else { return socket.send(bytes) }
    let moved = other.withUnsafeBytes { socket.send($0) }
    return moved == .bytes(other.count) ? .bytes(bytes.count) : moved
  }

  func unacknowledged(_ descriptor: FileDescriptor) -> Int {
    network.enter()
    return network.socket(descriptor.raw, "ioctl")?.untaken ?? 0
  }

  func shutdownWriting(_ descriptor: FileDescriptor) {
    network.enter()
    guard let socket = network.socket(descriptor.raw, "shutdown") else { return }
    network.noteShutdown(descriptor.raw)
    socket.shutdownWriting()
  }

  func resetOnClose(_ descriptor: FileDescriptor) {
    network.enter()
    guard let socket = network.socket(descriptor.raw, "setsockopt") else { return }
    if socket.peer?.handler?.needsReset == true,
      network.saboteur?.takesOccasion(for: .endsRegularly) == true
    {
      return
    }
    socket.resetOnClose()
  }

  func close(_ descriptor: FileDescriptor) {
    network.enter()
    if network.saboteur?.takesOccasion(for: .leaksDescriptor) == true { return }
    if network.saboteur?.takesOccasion(for: .closesTwice) == true { network.close(descriptor.raw) }
    network.close(descriptor.raw)
  }

  func shutdown() {}

  private static func result(_ moved: SimulatedSocket.Moved) -> IOResult {
    switch moved {
    case .bytes(let count): .bytes(count)
    case .wouldBlock: .wouldBlock
    case .end: .endOfFile
    case .failed(let code): .failed(Errno(code))
    }
  }
}
