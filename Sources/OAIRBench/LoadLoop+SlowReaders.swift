import Glibc
import OAIRReactor
import OAIRSys

// Slow readers: clients that take less than comes, so that it has to wait somewhere.

extension LoadLoop {
  /// LIMIT: bytes that the kernel keeps for a slow reader, about.
  private static let window: Int32 = 16 << 10

  /// Keeps the kernel from taking what the reader doesn't.
  ///
  /// Without it half a megabyte would lie in its buffer, and the server would never notice.
  static func boundWindow(_ descriptor: FileDescriptor) {
    var size = window
    setsockopt(
      descriptor.raw,
      SOL_SOCKET,
      SO_RCVBUF,
      &size,
      socklen_t(MemoryLayout<Int32>.size)
    )
  }

  /// Reads as much as is due, and again later.
  mutating func readSlowly(_ user: Handle) {
    guard !users[user].isReadPostponed, users[user].isConnected else { return }
    let share = Double(BenchLimits.slowReadInterval) / 1e9
    let allowance = max(Int(Double(workload.readRate ?? 1) * share), 1)
    readOnce(user, atMost: min(allowance, BenchLimits.readSize))
    guard users[user].socket != .none else { return }
    users[user].isReadPostponed = true
    reactor.addTimer(at: reactor.now &+ BenchLimits.slowReadInterval, owner: user.bits)
  }
}
