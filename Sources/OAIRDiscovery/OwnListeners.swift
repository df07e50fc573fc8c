package import OAIRSys

/// Where this router listens: what leads there is no backend, or requests would go in circles.
package struct OwnListeners: Sendable {
  private let addresses: [SocketAddress]

  package init(_ addresses: [SocketAddress]) { self.addresses = addresses }

  /// True when a connection to the address would be accepted by this router.
  package func contains(_ address: SocketAddress) -> Bool {
    addresses.contains { own in
      if own == address { return true }
      guard let port = own.port, port == address.port else { return false }
      // A listener of :: takes IPv4 as well, unless told otherwise (ipv6(7)).
      if own.isWildcard { return LocalNetworks.current().has(address) }
      // Linux takes a connection to 0.0.0.0 for one to loopback.
      return address.isWildcard && own.isLoopback
    }
  }
}
