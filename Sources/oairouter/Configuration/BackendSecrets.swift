import Glibc
import OAIRDiscovery
import OAIRouter

/// What a backend of the configuration is shown: its key, out of a file or a variable, and fields.
enum BackendSecrets {
  /// Reads a backend's `api_key`, `api_key_file`, `api_key_env` and `headers`.
  ///
  /// Reads files, on the caller's thread.
  ///
  /// - Throws: `DocumentError`, which has no secret in it.
  @Sendable
  static func read(
    _ members: [String: DocumentNode]
  ) throws(DocumentError) -> BackendCredentials {
    var credentials = BackendCredentials()
    let keys = members.filter { $0.key != "headers" }.sorted { $0.key < $1.key }
    if keys.count > 1 {
      let names = keys.map(\.key).joined(separator: " and ")
      throw DocumentError("\(names) say the same; give one", at: keys[1].value.mark)
    }
    if let (name, node) = keys.first { credentials.apiKey = try key(name, node) }
    if let headers = members["headers"] {
      let fields = try SettingForm.map(.secret).read(headers, "headers").members
      for field in fields { credentials.headers[field.name] = field.value.text }
    }
    if let problem = credentials.problem, let mark = members.values.first?.mark {
      throw DocumentError(problem, at: keys.first?.value.mark ?? mark)
    }
    return credentials
  }

  private static func key(_ name: String, _ node: DocumentNode) throws(DocumentError) -> String {
    let text = try node.text(name)
    switch name {
    case "api_key_file":
      do throws(CommandFailure) {
        return try KeyFile.secret(text)
      } catch { throw DocumentError("api_key_file: \(error.text)", at: node.mark) }
    case "api_key_env":
      guard let value = getenv(text) else {
        throw DocumentError("api_key_env: there is no variable \(text.prefix(64))", at: node.mark)
      }
      return String(cString: value)
    default: return text
    }
  }
}
