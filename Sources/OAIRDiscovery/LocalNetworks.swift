import OAIRSys

/// The networks that this machine's interfaces are on.
struct LocalNetworks: Sendable, Equatable {
  /// Each interface's network.
  var ranges: [AddressRange]
  /// Each interface's own address.
  var addresses: [SocketAddress]

  /// As they are now.
  static func current() -> LocalNetworks {
    let interfaces = InterfaceAddress.all()
    return LocalNetworks(
      ranges: interfaces.compactMap {
        AddressRange($0.address, prefixLength: $0.prefixLength)
      },
      addresses: interfaces.map(\.address)
    )
  }

  /// True when an address is on one of the networks: reached without a router between.
  func reaches(_ address: SocketAddress) -> Bool { ranges.contains { $0.contains(address) } }

  /// True when an address is this machine's own.
  func has(_ address: SocketAddress) -> Bool {
    address.isLoopback || addresses.contains { $0.host == address.host }
  }
}
