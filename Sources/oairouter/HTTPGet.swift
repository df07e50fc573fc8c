import OAIRouter

/// One GET, for the commands that ask a running server.
struct HTTPGet {
  /// How long one request may take in all; resolving a name comes on top.
  private static let limit = Duration.seconds(5)

  private let server: ServerURL

  /// Makes a client for one server.
  init(_ server: ServerURL) { self.server = server }

  /// Asks for a path below the server's prefix.
  ///
  /// - Throws: `CommandFailure` as `BlockingClient.fetch` does.
  func fetch(_ path: String) throws(CommandFailure) -> ControlResponse {
    let server = server
    return try BlockingClient.fetch("\(server)\(path)") { () async throws(CommandFailure) in
      ControlRequest(
        server.prefix + path,
        address: try await server.resolved(),
        host: server.authority,
        timeout: Self.limit
      )
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
