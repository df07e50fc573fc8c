import OAIRProxy

extension SelectionOptions {
  /// Checks what a user may have set.
  func validate() throws(ConfigurationError) {
    if !(0...Self.greatestQueue).contains(queue) {
      throw ConfigurationError("queue.max", "must be 0 to \(Self.greatestQueue), not \(queue)")
    }
    guard let sessionHeader else { return }
    if !Self.isFieldName(sessionHeader) {
      throw ConfigurationError(
        "session_affinity.header",
        "is '\(sessionHeader)': a field name is 1 to 128 letters, digits and -_.!#$%&'*+^`|~"
      )
    }
    if Self.reserved.contains(sessionHeader.lowercased()) {
      throw ConfigurationError(
        "session_affinity.header",
        "is '\(sessionHeader)', which has another meaning; name one of the session's own"
      )
    }
  }

  /// A token (RFC 9110 section 5.6.2).
  private static func isFieldName(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "-_.!#$%&'*+^`|~".utf8.contains(byte)
        }
      }
  }

  /// Fields that every request may have, or none, or that tell of the connection.
  private static let reserved: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "content-type", "te", "trailer",
    "upgrade", "expect", "via",
  ]
}
