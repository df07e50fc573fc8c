package import OAIRDiscovery
package import OAIRProxy

/// Reads the list of keys: the configuration's `keys`, or `--keys`.
package enum KeyList {
  private static let members = [
    "id", "key", "key_file", "models", "requests_per_minute", "concurrent",
  ]

  /// Reads a list of keys.
  ///
  /// - Parameters:
  ///   - list: `[{id: team-a, key_file: /run/secrets/team-a, models: ["*"]}]`.
  ///   - secret: reads the secret in a file; it says what is wrong with one.
  /// - Throws: `DocumentError` when anything in it is wrong.
  package static func read(
    _ list: DocumentNode,
    secret: (String) -> Result<String, KeyFileProblem>
  ) throws(DocumentError) -> [ClientKey] {
    var problems: [DocumentError] = []
    let keys = try read(list, secret: secret, problems: &problems)
    if let first = problems.first { throw first }
    return keys
  }

  /// Reads a list of keys, and goes on after a mistake in one.
  ///
  /// - Parameters:
  ///   - list: `[{id: team-a, key_file: /run/secrets/team-a, models: ["*"]}]`.
  ///   - secret: reads the secret in a file; it says what is wrong with one.
  ///   - problems: gets what is wrong with single keys.
  /// - Returns: those without a mistake.
  /// - Throws: `DocumentError` when it's no list, or the keys don't go together.
  package static func read(
    _ list: DocumentNode,
    secret: (String) -> Result<String, KeyFileProblem>,
    problems: inout [DocumentError]
  ) throws(DocumentError) -> [ClientKey] {
    var keys: [ClientKey] = []
    for node in try list.elements(of: "keys") {
      do throws(DocumentError) {
        let key = try key(node, secret)
        if let problem = key.problem { throw DocumentError("a key \(problem)", at: node.mark) }
        keys.append(key)
      } catch { problems.append(error) }
    }
    if let problem = ClientKey.problem(of: keys) {
      throw DocumentError("the keys \(problem)", at: list.mark)
    }
    return keys
  }

  private static func key(
    _ node: DocumentNode,
    _ secret: (String) -> Result<String, KeyFileProblem>
  ) throws(DocumentError) -> ClientKey {
    let members = try node.members(members, of: "a key").filter { !$0.value.isNull }
    guard let id = try members["id"]?.text("id") else {
      throw DocumentError("a key needs an id, by which logs and metrics call it", at: node.mark)
    }
    var key = ClientKey(id: id, secret: "")
    switch (members["key"], members["key_file"]) {
    case (let text?, nil): key.secret = try text.text("key")
    case (nil, let file?):
      switch secret(try file.text("key_file")) {
      case .success(let text): key.secret = text
      case .failure(let problem): throw DocumentError(problem.text, at: file.mark)
      }
    default: throw DocumentError("the key '\(id)' needs a key_file, or a key", at: node.mark)
    }
    if let models = members["models"] {
      key.models = []
      for model in try models.elements(of: "models") {
        key.models.append(try model.text("a model"))
      }
    }
    let bounds = 0...ClientKey.greatestBound
    key.requestsPerMinute =
      try members["requests_per_minute"]?.integer("requests_per_minute", in: bounds) ?? 0
    key.concurrent = try members["concurrent"]?.integer("concurrent", in: bounds) ?? 0
    return key
  }
}

/// Why a file has no secret.
package struct KeyFileProblem: Error, Equatable {
  /// For a user.
  package let text: String

  package init(_ text: String) { self.text = text }
}
