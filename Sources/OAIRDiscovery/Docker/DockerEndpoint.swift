import Glibc
public import OAIRSys

/// Why a container engine's address can't be used.
public enum DockerEndpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// It asks for TLS, which isn't built in.
  case tlsNotBuiltIn(String)
  /// It has another form than those that are known.
  case malformed(String)

  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .tlsNotBuiltIn(let what):
      "\(what) asks for TLS to the container engine, which isn't built in\n"
        + "try: a unix socket, or 'ssh -NL 127.0.0.1:2375:/var/run/docker.sock HOST' and "
        + "tcp://127.0.0.1:2375"
    case .malformed(let text):
      "\"\(text)\" isn't a container engine's address\n"
        + "try: unix:///var/run/docker.sock or tcp://host:2375"
    }
  }
}

/// Where a container engine listens: Docker's API, also spoken by Podman.
public struct DockerEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// A host whose name has to be resolved, and the port.
  struct Name: Sendable, Hashable {
    let host: String
    let port: UInt16
  }

  /// As written: `unix:///var/run/docker.sock`, `tcp://proxy:2375`.
  public let description: String
  /// Where to connect; nil when the name has to be resolved first.
  public let address: SocketAddress?
  let name: Name?
  /// The `Host` field.
  let host: String

  /// Docker's socket.
  public static let standard = DockerEndpoint(.unix(standardPath))
  private static let standardPath = "/var/run/docker.sock"

  /// An engine at an address.
  ///
  /// - Parameter address: a unix socket, or a host of a network that is trusted: whoever can
  ///   change what it answers says what requests are sent to.
  public init(_ address: SocketAddress) {
    self.address = address
    name = nil
    if case .unix(let path) = address {
      host = "docker"
      description = "unix://\(path)"
    } else {
      host = address.description
      description = "tcp://\(address)"
    }
  }

  /// Parses what `DOCKER_HOST` holds.
  ///
  /// - Parameter url: `unix:///path`, `tcp://host:port` (port 2375 by default), or `http://…`,
  ///   which means the same.
  /// - Throws: `DockerEndpointError` for `https`, `ssh` and everything else.
  public init(url: String) throws(DockerEndpointError) {
    guard let separator = url.firstRange(of: "://") else { throw .malformed(url) }
    let rest = String(url[separator.upperBound...])
    switch url[..<separator.lowerBound].lowercased() {
    case "unix":
      guard rest.hasPrefix("/"), let address = SocketAddress("unix:" + rest) else {
        throw .malformed(url)
      }
      self.init(address)
    case "tcp", "http":
      try self.init(url: url, authority: rest)
    case "https":
      throw .tlsNotBuiltIn(url)
    default:
      throw .malformed(url)
    }
  }

  private init(url: String, authority: String) throws(DockerEndpointError) {
    var authority = authority
    while authority.hasSuffix("/") { authority.removeLast() }
    let hasPort = authority.hasPrefix("[") ? !authority.hasSuffix("]") : authority.contains(":")
    if !hasPort { authority += ":2375" }
    if let address = SocketAddress(authority), address.port != 0 {
      self.init(address)
      return
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let port = UInt16(parts[1]), port > 0, Self.isName(parts[0]) else {
      throw .malformed(url)
    }
    self.init(name: Name(host: String(parts[0]), port: port))
  }

  private init(name: Name) {
    address = nil
    self.name = name
    host = "\(name.host):\(name.port)"
    description = "tcp://\(host)"
  }

  private static func isName(_ text: Substring) -> Bool {
    (1...255).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
          || "-._".utf8.contains($0)
      }
  }
}

// MARK: - The environment's engine

extension DockerEndpoint {
  /// The engine that the environment names, as Docker's own client would understand it.
  ///
  /// - Parameter environment: looks a variable up: `DOCKER_HOST`, `DOCKER_TLS_VERIFY`.
  /// - Returns: nil when it names none.
  /// - Throws: `DockerEndpointError` when it names one that can't be used.
  public static func named(
    by environment: (String) -> String?
  ) throws(DockerEndpointError) -> DockerEndpoint? {
    guard let url = environment("DOCKER_HOST"), !url.isEmpty else { return nil }
    let endpoint = try DockerEndpoint(url: url)
    let verify = environment("DOCKER_TLS_VERIFY") ?? ""
    // Docker's client takes any value for yes, and ignores it for unix sockets.
    if !verify.isEmpty, !endpoint.isUnixSocket {
      throw .tlsNotBuiltIn("DOCKER_TLS_VERIFY=\(verify)")
    }
    return endpoint
  }

  /// The socket of an engine on this machine: Docker's or Podman's, the system's or the user's.
  ///
  /// - Parameter environment: looks a variable up: `XDG_RUNTIME_DIR`.
  /// - Returns: the first that may be used; else the first that is there; nil when none is.
  public static func found(by environment: (String) -> String?) -> DockerEndpoint? {
    var paths = [standardPath]
    let runtime = environment("XDG_RUNTIME_DIR") ?? ""
    if !runtime.isEmpty { paths.append(runtime + "/docker.sock") }
    paths.append("/run/podman/podman.sock")
    if !runtime.isEmpty { paths.append(runtime + "/podman/podman.sock") }
    let existing = paths.filter { access($0, F_OK) == 0 }
    let usable = existing.first { access($0, R_OK | W_OK) == 0 }
    return (usable ?? existing.first).flatMap { SocketAddress("unix:" + $0) }
      .map { DockerEndpoint($0) }
  }

  /// Why this process may not use the engine's socket, and what to do about it.
  ///
  /// - Returns: nil when it may, or when only a try can tell.
  public var denial: String? {
    guard case .unix(let path)? = address, access(path, F_OK) == 0,
      access(path, R_OK | W_OK) != 0, errno == EACCES
    else { return nil }
    return DockerTrouble.text(.denied, self)
  }

  var isUnixSocket: Bool { socketPath != nil }

  /// The path of its unix socket; nil for one that is reached by TCP.
  public var socketPath: String? {
    if case .unix(let path)? = address { path } else { nil }
  }
}
