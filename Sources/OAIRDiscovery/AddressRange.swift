public import OAIRSys

/// A range of IP addresses, written as CIDR: `10.0.0.0/8`, `fd00::/8`, or one address.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
  private let isIPv4: Bool
  private let upper: UInt64
  private let lower: UInt64
  /// Leading bits that count: up to 32 for IPv4, up to 128 for IPv6.
  public let prefixLength: Int

  /// Parses `address` or `address/bits`.
  ///
  /// - Parameter text: bits behind the prefix are ignored: `10.1.2.3/8` is `10.0.0.0/8`.
  /// - Returns: nil when it is neither.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, first != "localhost",
      let address = SocketAddress(host: String(first), port: 0)
    else { return nil }
    guard parts.count == 2 else {
      self.init(address, prefixLength: 128)
      return
    }
    let most = if case .ipv4 = address { 32 } else { 128 }
    guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let bits = Int(parts[1]),
      bits <= most
    else { return nil }
    self.init(address, prefixLength: bits)
  }

  /// The range around an address.
  ///
  /// - Parameters:
  ///   - address: IPv4 or IPv6; its port doesn't matter.
  ///   - prefixLength: from 0; what is more than the address has means all of it.
  /// - Returns: nil for a unix socket.
  public init?(_ address: SocketAddress, prefixLength: Int) {
    guard let (isIPv4, upper, lower) = Self.bits(address) else { return nil }
    let length = min(max(prefixLength, 0), isIPv4 ? 32 : 128)
    self.isIPv4 = isIPv4
    self.prefixLength = length
    self.upper = upper & Self.mask(length)
    self.lower = lower & Self.mask(length - 64)
  }

  /// True when the address is in the range; an IPv4 address in IPv6 form counts as IPv4.
  public func contains(_ address: SocketAddress) -> Bool {
    guard let (isIPv4, upper, lower) = Self.bits(address), isIPv4 == self.isIPv4 else {
      return false
    }
    return upper & Self.mask(prefixLength) == self.upper
      && lower & Self.mask(prefixLength - 64) == self.lower
  }

  /// What `init(_:)` parses.
  public var description: String {
    let address: SocketAddress =
      isIPv4 ? .ipv4(UInt32(upper >> 32), port: 0) : .ipv6(upper, lower, scope: 0, port: 0)
    return "\(address.host)/\(prefixLength)"
  }

  /// IPv4 stands in the first 32 bits.
  private static func bits(_ address: SocketAddress) -> (Bool, UInt64, UInt64)? {
    switch address {
    case .ipv4(let value, _): (true, UInt64(value) << 32, 0)
    case .ipv6(0, let lower, _, _) where lower >> 32 == 0xffff: (true, lower << 32, 0)
    case .ipv6(let upper, let lower, _, _): (false, upper, lower)
    case .unix: nil
    }
  }

  private static func mask(_ bits: Int) -> UInt64 {
    bits <= 0 ? 0 : .max << UInt64(64 - min(bits, 64))
  }
}
