import Glibc

/// One address of one of this machine's interfaces, with the network it is on.
public struct InterfaceAddress: Sendable, Equatable {
  /// The address, with port 0.
  public let address: SocketAddress
  /// Leading bits that the network's addresses have in common.
  public let prefixLength: Int

  /// All of them, as they are now; none when the system can't say.
  ///
  /// Doesn't block (netlink, no lookups).
  public static func all() -> [InterfaceAddress] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var all: [InterfaceAddress] = []
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      guard let address = socketAddress(entry.ifa_addr) else { continue }
      let mask = socketAddress(entry.ifa_netmask)
      all.append(InterfaceAddress(address: address, prefixLength: mask.map(bits) ?? 128))
    }
    return all
  }

  /// nil for what is neither IPv4 nor IPv6, such as a link's own entry.
  private static func socketAddress(_ pointer: UnsafeMutablePointer<sockaddr>?) -> SocketAddress? {
    guard let pointer else { return nil }
    var storage = sockaddr_storage()
    let size: Int
    switch Int32(pointer.pointee.sa_family) {
    case AF_INET: size = MemoryLayout<sockaddr_in>.size
    case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
    default: return nil
    }
    // SAFETY: the family says which structure the pointer leads to (getifaddrs(3)).
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: size))
    }
    return SocketAddress(storage, length: socklen_t(size)).with(port: 0)
  }

  private static func bits(_ mask: SocketAddress) -> Int {
    switch mask {
    case .ipv4(let value, _): value.nonzeroBitCount
    case .ipv6(let upper, let lower, _, _): upper.nonzeroBitCount + lower.nonzeroBitCount
    case .unix: 0
    }
  }
}
