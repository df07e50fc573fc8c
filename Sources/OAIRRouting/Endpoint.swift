public import OAIRSys

/// Why a backend's URL can't be used.
public enum EndpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text isn't a URL of the accepted forms; the reason in plain words.
  case malformed(String)
  /// The host is a name: the control plane resolves it, then calls `Endpoint.init(url:address:)`.
  case needsResolution(host: String, port: UInt16)
  /// The URL asks for `https`, and this build has no TLS.
  case tlsNotBuiltIn

  /// What is wrong, and what to write instead.
  public var description: String {
    switch self {
    case .malformed(let reason): "\(reason); write for example http://10.0.0.5:8000"
    case .needsResolution(let host, _): "the name \(host) has to be resolved"
    case .tlsNotBuiltIn: "https isn't built in; use http, or a TLS proxy in front of the backend"
    }
  }
}

/// Where a backend is reached: a resolved address, and what its requests carry.
public struct Endpoint: Sendable, Hashable {
  /// The address that connections go to.
  public let address: SocketAddress
  /// The `Host` field of requests: host with its port, the port left out where it is 80.
  public let host: String
  /// What stands before every request path: empty, or `/x` without a final slash.
  public let pathPrefix: String

  /// Makes an endpoint of parts that are known already.
  ///
  /// - Parameters:
  ///   - address: the address that connections go to.
  ///   - host: the `Host` field; by default the address in text, `localhost` for a unix socket.
  ///   - pathPrefix: what stands before every path; a final `/` and a final `/v1` are dropped.
  public init(address: SocketAddress, host: String? = nil, pathPrefix: String = "") {
    self.address = address
    self.host = host ?? Self.hostField(of: address)
    self.pathPrefix = Self.prefix(pathPrefix)
  }

  /// Parses `http://host:port/prefix` (the scheme may be left out, the port is 80 by default) or
  /// `unix:/path` (also `unix:///path`).
  ///
  /// - Parameter url: its host must be numeric or `localhost`.
  /// - Throws: `EndpointError.needsResolution` for another name.
  public init(url: String) throws(EndpointError) {
    try self.init(url: url, resolved: nil)
  }

  /// Parses a URL whose host was resolved by the caller.
  ///
  /// - Parameters:
  ///   - url: as for `init(url:)`, with any host.
  ///   - address: the address to connect to; its port counts, not the URL's.
  /// - Throws: `EndpointError.malformed`, `.tlsNotBuiltIn`.
  public init(url: String, address: SocketAddress) throws(EndpointError) {
    try self.init(url: url, resolved: address)
  }

  private init(url: String, resolved: SocketAddress?) throws(EndpointError) {
    if url.lowercased().hasPrefix("unix:") {
      var path = url.dropFirst(5)
      if path.hasPrefix("//") { path = path.dropFirst(2) }
      guard path.hasPrefix("/"), let address = SocketAddress("unix:" + path) else {
        throw .malformed("a unix socket's path must be absolute and shorter than 108 bytes")
      }
      self.init(address: address)
      return
    }
    let parts = try URLParts(url)
    if let resolved {
      self.init(address: resolved, host: parts.hostField, pathPrefix: parts.path)
      return
    }
    guard let address = SocketAddress(host: parts.host, port: parts.port) else {
      // A last label of digits only is no name (RFC 1123 2.1): 10.0.0.256 is a slip of the pen.
      let lastLabel = parts.host.split(separator: ".").last ?? ""
      guard !lastLabel.utf8.allSatisfy({ (48...57).contains($0) }), !parts.host.contains(":") else {
        throw .malformed("\"\(parts.host)\" is neither an IP address nor a name")
      }
      throw .needsResolution(host: parts.host, port: parts.port)
    }
    self.init(address: address, host: parts.hostField, pathPrefix: parts.path)
  }

  /// Whether its requests carry a name, not just the address.
  var isNamed: Bool { host != Self.hostField(of: address) }

  private static func hostField(of address: SocketAddress) -> String {
    switch address {
    case .unix: "localhost"
    case .ipv4(_, port: 80): address.host
    case .ipv6(_, _, _, port: 80): "[\(address.host)]"
    case .ipv4, .ipv6: address.description
    }
  }

  private static func prefix(_ path: String) -> String {
    var path = path[...]
    while path.hasSuffix("/") { path = path.dropLast() }
    if path.hasSuffix("/v1") { path = path.dropLast(3) }
    while path.hasSuffix("/") { path = path.dropLast() }
    return String(path)
  }
}

/// An `http` URL taken apart.
private struct URLParts {
  var host: String
  var port: UInt16
  var path: String

  var hostField: String { port == 80 ? host : "\(host):\(port)" }

  init(_ url: String) throws(EndpointError) {
    guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw .malformed("a URL has no spaces, control or non-ASCII characters")
    }
    var rest = url[...]
    let schemeEnd = url.utf8.indices.first { url.utf8[$0] == UInt8(ascii: ":") }
    if let schemeEnd, url[schemeEnd...].hasPrefix("://") {
      switch url[..<schemeEnd].lowercased() {
      case "http": rest = url[url.index(schemeEnd, offsetBy: 3)...]
      case "https": throw .tlsNotBuiltIn
      default: throw .malformed("the scheme must be http or unix")
      }
    }
    guard !rest.contains(where: { $0 == "?" || $0 == "#" || $0 == "@" || $0 == "\\" }) else {
      throw .malformed("a backend's URL has no user, query or fragment")
    }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    path = String(rest[slash...])
    (host, port) = try Self.authority(String(rest[..<slash]))
  }

  private static func authority(_ text: String) throws(EndpointError) -> (String, UInt16) {
    var host = text
    var port: UInt16 = 80
    let hasPort = text.hasPrefix("[") ? !text.hasSuffix("]") : text.contains(":")
    if hasPort, let colon = text.lastIndex(of: ":") {
      let digits = text[text.index(after: colon)...]
      guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt16(digits),
        number > 0
      else {
        throw .malformed("the port must be a number from 1 to 65535")
      }
      host = String(text[..<colon])
      port = number
    }
    guard !host.isEmpty, host.utf8.count <= 255 else {
      throw .malformed("a URL needs a host of at most 255 characters")
    }
    if host.hasPrefix("[") {
      guard SocketAddress(host: host, port: port) != nil else {
        throw .malformed("\"\(host)\" is no IPv6 address")
      }
      return (host, port)
    }
    let isName = host.utf8.allSatisfy {
      switch $0 {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
      default: false
      }
    }
    guard isName else { throw .malformed("\"\(host)\" is neither an IP address nor a name") }
    return (host, port)
  }
}
