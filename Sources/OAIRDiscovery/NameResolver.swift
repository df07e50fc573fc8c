import Dispatch
import Glibc
public import OAIRSys

/// Turns names into addresses by the system's own rules (hosts file, name service), which block:
/// each call has a thread of Dispatch's, never the data plane's and never a cooperative one.
public enum NameResolver {
  /// Looks a name up, IPv4 and IPv6.
  ///
  /// - Parameters:
  ///   - host: a name.
  ///   - port: goes into the addresses.
  /// - Returns: addresses in the order of preference (RFC 6724); none when there is no such name
  ///   or nobody to ask.
  public static func resolve(host: String, port: UInt16) async -> [SocketAddress] {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(returning: lookUp(host, port))
      }
    }
  }

  private static func lookUp(_ host: String, _ port: UInt16) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
    defer { freeaddrinfo(first) }
    var addresses: [SocketAddress] = []
    var next = first
    while let entry = next?.pointee {
      if let address = address(of: entry, port), !addresses.contains(address) {
        addresses.append(address)
      }
      next = entry.ai_next
    }
    return addresses
  }

  private static func address(of entry: addrinfo, _ port: UInt16) -> SocketAddress? {
    // SAFETY: getaddrinfo(3) gives an ai_addr of ai_addrlen bytes that fits ai_family.
    let bytes = UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen))
    switch entry.ai_family {
    case AF_INET:
      let value = bytes.loadUnaligned(as: sockaddr_in.self)
      return .ipv4(UInt32(bigEndian: value.sin_addr.s_addr), port: port)
    case AF_INET6:
      var value = bytes.loadUnaligned(as: sockaddr_in6.self)
      return withUnsafeBytes(of: &value.sin6_addr) {
        .ipv6(
          UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
          UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
          scope: value.sin6_scope_id,
          port: port
        )
      }
    default:
      return nil
    }
  }
}
