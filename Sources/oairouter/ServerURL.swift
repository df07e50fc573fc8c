import ArgumentParser

/// Where a server is: `http://host[:port][/prefix]`.
struct ServerURL: Equatable, CustomStringConvertible, Sendable {
  /// Without the brackets of an IPv6 address.
  let host: String
  let port: UInt16
  /// Empty, or a path without a final `/`; a final `/v1` is dropped, because many servers are
  /// written down with it.
  let prefix: String

  /// Where a router listens that was told nothing else.
  static let standard = ServerURL(host: "127.0.0.1", port: 11434, prefix: "")

  /// What the Host field says.
  var authority: String {
    let bracketed = host.contains(":") ? "[\(host)]" : host
    return port == 80 ? bracketed : "\(bracketed):\(port)"
  }

  var description: String { "http://\(authority)\(prefix)" }

  /// For `@Option(transform:)`.
  static func parse(_ argument: String) throws -> ServerURL {
    if argument.hasPrefix("https://") {
      throw ValidationError("https isn't spoken here; ask the plain port, or a proxy in front")
    }
    guard argument.hasPrefix("http://") || !argument.contains("://") else {
      throw ValidationError("a server is http://host:port, such as http://127.0.0.1:11434")
    }
    let rest = argument.hasPrefix("http://") ? argument.dropFirst("http://".count) : argument[...]
    let authority = rest.prefix { $0 != "/" }
    guard let (host, port) = split(authority),
      rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3F && $0 != 0x23 })
    else {
      throw ValidationError("'\(argument)' has no valid host and port")
    }
    return ServerURL(
      host: host,
      port: port,
      prefix: normalised(rest.dropFirst(authority.count))
    )
  }

  private static func split(_ authority: Substring) -> (host: String, port: UInt16)? {
    var host = authority
    var port: UInt16 = 80
    let colon = authority.lastIndex(of: ":")
    if let colon, !authority[colon...].contains("]") {
      let digits = authority[authority.index(after: colon)...]
      guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = UInt16(digits),
        number > 0
      else { return nil }
      host = authority[..<colon]
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      return (String(host.dropFirst().dropLast()), port)
    }
    return host.isEmpty || host.contains(":") || host.contains("@") ? nil : (String(host), port)
  }

  private static func normalised(_ path: Substring) -> String {
    var path = path
    while path.hasSuffix("/") { path = path.dropLast() }
    if path.hasSuffix("/v1") { path = path.dropLast(3) }
    while path.hasSuffix("/") { path = path.dropLast() }
    return String(path)
  }
}
