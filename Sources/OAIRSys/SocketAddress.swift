import COAIRSys
import Glibc

/// Where a socket listens or connects to: IPv4, IPv6 or a unix path.
public enum SocketAddress: Hashable, Sendable {
  /// An IPv4 address (network value, host byte order: 127.0.0.1 is 0x7f000001) and port.
  case ipv4(UInt32, port: UInt16)
  /// An IPv6 address (upper and lower 64 bits, host byte order), scope and port.
  case ipv6(UInt64, UInt64, scope: UInt32, port: UInt16)
  /// A unix socket's path; empty for an unnamed peer.
  case unix(String)

  /// 127.0.0.1 at a port (0: any free one).
  public static func loopback(port: UInt16) -> SocketAddress { .ipv4(0x7f00_0001, port: port) }

  /// The port, nil for unix sockets.
  public var port: UInt16? {
    switch self {
    case .ipv4(_, let port): port
    case .ipv6(_, _, _, let port): port
    case .unix: nil
    }
  }

  /// The same address at another port; a unix path is returned as it is.
  public func with(port: UInt16) -> SocketAddress {
    switch self {
    case .ipv4(let address, _): .ipv4(address, port: port)
    case .ipv6(let upper, let lower, let scope, _): .ipv6(upper, lower, scope: scope, port: port)
    case .unix: self
    }
  }

  /// True for 127.0.0.0/8, ::1, their mapped form, and unix sockets.
  public var isLoopback: Bool {
    switch self {
    case .ipv4(let address, _): address >> 24 == 127
    case .ipv6(0, 1, _, _): true
    case .ipv6(0, let lower, _, _): lower >> 32 == 0xffff && (lower >> 24) & 0xff == 127
    case .ipv6: false
    case .unix: true
    }
  }

  /// True for 0.0.0.0 and ::, which mean "every address of this machine".
  public var isWildcard: Bool {
    switch self {
    case .ipv4(0, _), .ipv6(0, 0, _, _): true
    default: false
    }
  }
}

// MARK: - Text

extension SocketAddress: CustomStringConvertible {
  /// Parses `host:port`, `[v6]:port` or `unix:/path`.
  ///
  /// The host must be numeric or `localhost`: names are resolved by the control plane only.
  ///
  /// - Parameter text: for example `127.0.0.1:11434`, `[::1]:8080`, `unix:/run/x.sock`.
  /// - Returns: nil when the text has another form, or the port isn't in 0…65535.
  public init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      // LIMIT: sun_path holds 108 bytes with its final NUL (unix(7)).
      guard !path.isEmpty, path.utf8.count < 108, !path.utf8.contains(0) else { return nil }
      self = .unix(path)
      return
    }
    // The C functions below would stop at a NUL and take what is before it.
    guard !text.utf8.contains(0), let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits) else {
      return nil
    }
    let host = String(text[..<colon])
    // Without brackets the port can't be told from the address's last group.
    guard !host.contains(":") || host.hasPrefix("[") else { return nil }
    self.init(host: host, port: port)
  }

  /// Why a text isn't an address, for whoever wrote it.
  ///
  /// - Parameter text: as for `init(_:)`.
  /// - Returns: what is wrong, and what an address looks like; nil for an address.
  public static func problem(in text: String) -> String? {
    guard SocketAddress(text) == nil else { return nil }
    if text.hasPrefix("unix:") {
      return "the path of a unix socket has 1 to 107 bytes, not \(text.utf8.count - 5)"
    }
    if let colon = text.lastIndex(of: ":") {
      let port = text[text.index(after: colon)...]
      let isNumber = !port.isEmpty && port.utf8.allSatisfy { (48...57).contains($0) }
      if isNumber, UInt16(port) == nil {
        return "the port \(port.prefix(32)) is too large: ports go up to 65535"
      }
    }
    return "an address is host:port, [v6]:port or unix:/path, such as 127.0.0.1:8080; names aren't "
      + "resolved here"
  }

  /// Makes an address of a numeric host (IPv6 with or without brackets) or `localhost`.
  ///
  /// - Returns: nil when the host is a name that would have to be resolved.
  public init?(host: String, port: UInt16) {
    if host == "localhost" {
      self = .loopback(port: port)
      return
    }
    var v4 = in_addr()
    if inet_pton(AF_INET, host, &v4) == 1 {
      self = .ipv4(UInt32(bigEndian: v4.s_addr), port: port)
      return
    }
    var bare = host
    if host.hasPrefix("["), host.hasSuffix("]") { bare = String(host.dropFirst().dropLast()) }
    var v6 = in6_addr()
    guard bare.contains(":"), inet_pton(AF_INET6, bare, &v6) == 1 else { return nil }
    let words = withUnsafeBytes(of: &v6) {
      (
        UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    self = .ipv6(words.0, words.1, scope: 0, port: port)
  }

  /// The host alone: `127.0.0.1`, `::1`, or `unix` for a unix socket.
  public var host: String {
    switch self {
    case .ipv4(let address, _):
      "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    case .ipv6(let upper, let lower, _, _): Self.text(upper, lower)
    case .unix: "unix"
    }
  }

  /// `127.0.0.1:80`, `[::1]:80` or `unix:/path`: what `init(_:)` parses.
  public var description: String {
    switch self {
    case .ipv4(_, let port): "\(host):\(port)"
    case .ipv6(_, _, _, let port): "[\(host)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  private static func text(_ upper: UInt64, _ lower: UInt64) -> String {
    var words = (upper.bigEndian, lower.bigEndian)
    // INET6_ADDRSTRLEN is 46 with the final NUL.
    return String(unsafeUninitializedCapacity: 46) { buffer in
      buffer.withMemoryRebound(to: CChar.self) { characters in
        guard inet_ntop(AF_INET6, &words, characters.baseAddress, 46) != nil else { return 0 }
        return strlen(UnsafePointer(characters.baseAddress.unsafelyUnwrapped))
      }
    }
  }
}

// MARK: - The kernel's form

extension SocketAddress {
  var family: Int32 {
    switch self {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  /// Calls `body` with the address in the kernel's form.
  func withSockaddr<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var storage = sockaddr_storage()
    let length = fill(&storage)
    return withUnsafePointer(to: &storage) { pointer in
      // SAFETY: sockaddr_storage is as large and as aligned as every sockaddr (sockaddr(3type)).
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  private func fill(_ storage: inout sockaddr_storage) -> socklen_t {
    withUnsafeMutableBytes(of: &storage) { bytes in
      switch self {
      case .ipv4(let address, let port):
        var value = sockaddr_in()
        value.sin_family = sa_family_t(AF_INET)
        value.sin_port = port.bigEndian
        value.sin_addr.s_addr = address.bigEndian
        bytes.storeBytes(of: value, as: sockaddr_in.self)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
      case .ipv6(let upper, let lower, let scope, let port):
        var value = sockaddr_in6()
        value.sin6_family = sa_family_t(AF_INET6)
        value.sin6_port = port.bigEndian
        value.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &value.sin6_addr) {
          $0.storeBytes(of: upper.bigEndian, toByteOffset: 0, as: UInt64.self)
          $0.storeBytes(of: lower.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        bytes.storeBytes(of: value, as: sockaddr_in6.self)
        return socklen_t(MemoryLayout<sockaddr_in6>.size)
      case .unix(let path):
        var value = sockaddr_un()
        value.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &value.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        bytes.storeBytes(of: value, as: sockaddr_un.self)
        return socklen_t(MemoryLayout<sockaddr_un>.size)
      }
    }
  }

  /// Reads what the kernel wrote; anything unknown becomes an unnamed unix address.
  init(_ storage: sockaddr_storage, length: socklen_t) {
    self = withUnsafeBytes(of: storage) { bytes in
      switch Int32(bytes.loadUnaligned(as: sa_family_t.self)) {
      case AF_INET:
        let value = bytes.loadUnaligned(as: sockaddr_in.self)
        return .ipv4(
          UInt32(bigEndian: value.sin_addr.s_addr),
          port: UInt16(bigEndian: value.sin_port)
        )
      case AF_INET6:
        var value = bytes.loadUnaligned(as: sockaddr_in6.self)
        let words = withUnsafeBytes(of: &value.sin6_addr) {
          (
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
          )
        }
        return .ipv6(
          words.0,
          words.1,
          scope: value.sin6_scope_id,
          port: UInt16(bigEndian: value.sin6_port)
        )
      default:
        guard length > 2 else { return .unix("") }
        let path = bytes[2..<min(Int(length), bytes.count)].prefix { $0 != 0 }
        return .unix(String(decoding: path, as: UTF8.self))
      }
    }
  }
}
