import ArgumentParser
import FoundationEssentials
import OAIRouter

/// Which router's admin listener a command asks.
struct AdminTarget: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The router's admin listener: unix:/path, host:port or [v6]:port. (default: the socket of "
        + "the router that runs here)",
      valueName: "address"
    ),
    transform: Self.parse
  )
  var admin: SocketAddress?

  @Option(help: ArgumentHelp("A file with the admin listener's key.", valueName: "file"))
  var adminKeyFile: String?

  /// How long an answer may take: longer than the router gives itself.
  private static let limit = Duration.seconds(40)

  /// The listener that was named, else the only one that is found.
  ///
  /// - Returns: nil when none was named and none runs.
  func find() throws(CommandFailure) -> AdminConnection? {
    let key = try adminKeyFile.map { path throws(CommandFailure) in try KeyFile.read(path) }
    if let admin { return AdminConnection(admin, key) }
    let running = AdminFolder.running()
    guard running.count < 2 else {
      let list = running.map { "  --admin \($0)" }.joined(separator: "\n")
      throw CommandFailure(
        "\(running.count) routers run here; say which one is meant:\n\(list)",
        exitCode: CommandFailure.badUsage
      )
    }
    guard let found = running.first else { return nil }
    // A system service's, say, in place of this user's own.
    if AdminFolder.own().map({ SocketAddress.unix("\($0)/admin.sock") }) != found {
      Terminal.writeError("oairouter: asking the router at \(found)\n")
    }
    return AdminConnection(found, key)
  }

  /// The same for commands that can't do without.
  func connection() throws(CommandFailure) -> AdminConnection {
    if let connection = try find() { return connection }
    throw CommandFailure(
      "no running router's admin socket was found in \(AdminFolder.own() ?? "any runtime folder")\n"
        + "likely cause: no router runs, or another user's, or one without XDG_RUNTIME_DIR.\n"
        + "try: start it with --admin unix:/path, and say the same here"
    )
  }

  static func parse(_ argument: String) throws -> SocketAddress {
    guard let address = SocketAddress(argument) else {
      throw ValidationError(SocketAddress.problem(in: argument) ?? "")
    }
    return address
  }

  /// An admin listener, ready to be asked.
  struct AdminConnection {
    let address: SocketAddress
    private let key: String?

    init(_ address: SocketAddress, _ key: String?) {
      self.address = address
      self.key = key
    }

    /// Sends a request and takes its answer for what it is.
    ///
    /// - Returns: the body of a success.
    /// - Throws: `CommandFailure` with the router's own words otherwise.
    func ask(
      _ method: String,
      _ target: String,
      _ body: [UInt8] = []
    ) throws(CommandFailure) -> [UInt8] {
      let (address, key) = (address, key)
      let response = try BlockingClient.fetch("\(address)") { () async throws(CommandFailure) in
        var request = ControlRequest(
          target,
          address: address,
          host: address.port == nil ? "localhost" : "\(address)",
          timeout: AdminTarget.limit
        )
        request.method = method
        request.body = body
        request.key = key
        return request
      }
      guard (200..<300).contains(response.status) else {
        throw CommandFailure(Self.message(response))
      }
      return response.body
    }

    /// Sends a request and decodes its answer.
    func ask<Answer: Decodable>(
      _ method: String,
      _ target: String,
      _ body: [UInt8] = [],
      as type: Answer.Type
    ) throws(CommandFailure) -> Answer {
      try Self.decode(try ask(method, target, body), as: type)
    }

    static func decode<Answer: Decodable>(
      _ body: [UInt8],
      as type: Answer.Type
    ) throws(CommandFailure) -> Answer {
      do {
        return try JSONDecoder().decode(type, from: Data(body))
      } catch {
        throw CommandFailure("the answer isn't what this version knows; --json shows it")
      }
    }

    private struct Failure: Decodable {
      struct Details: Decodable { var message: String }
      var error: Details
    }

    private static func message(_ response: ControlResponse) -> String {
      if let failure = try? JSONDecoder().decode(Failure.self, from: Data(response.body)) {
        return Terminal.escaped(failure.error.message)
      }
      let text = Terminal.escaped(String(decoding: response.body.prefix(400), as: UTF8.self))
      return "answered \(response.status): \(text)"
    }
  }
}

/// The part of a path that names a backend.
enum PathSegment {
  static func encoded(_ id: String) -> String {
    id.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x3a:
        String(UnicodeScalar(byte))
      default: "%" + String(UInt16(byte) + 0x100, radix: 16).dropFirst()
      }
    }.joined()
  }
}
