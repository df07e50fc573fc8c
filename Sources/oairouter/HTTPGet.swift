import OAIRouter

/// One GET, for the commands that ask a running server.
struct HTTPGet {
  /// How long one request may take in all; resolving a name comes on top.
  private static let limit = Duration.seconds(5)

  private let server: ServerURL
  private let credentials: BackendCredentials

  /// Makes a client for one server.
  ///
  /// - Parameter credentials: what it is shown.
  init(_ server: ServerURL, credentials: BackendCredentials = BackendCredentials()) {
    self.server = server
    self.credentials = credentials
  }

  /// Asks for a path below the server's prefix.
  ///
  /// - Throws: `CommandFailure` as `BlockingClient.fetch` does.
  func fetch(_ path: String) throws(CommandFailure) -> ControlResponse {
    let (server, credentials) = (server, credentials)
    return try BlockingClient.fetch("\(server)\(path)") { () async throws(CommandFailure) in
      var request = ControlRequest(
        server.prefix + path,
        address: try await server.resolved(),
        host: server.authority,
        timeout: Self.limit
      )
      request.credentials = credentials
      return request
    }
  }
}

extension ServerURL {
  /// Where it listens.
  ///
  /// - Throws: `CommandFailure` when its name has no address.
  func resolved() async throws(CommandFailure) -> SocketAddress {
    if let address = SocketAddress(host: host, port: port) { return address }
    let found = await NameResolver().resolve(host: host, port: port)
    guard let first = found.first else {
      throw CommandFailure("the name \(host) has no address")
    }
    return first
  }
}
