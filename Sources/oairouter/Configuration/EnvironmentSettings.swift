import OAIRDiscovery

/// The layer of the environment's variables: `OAIROUTER_TIMEOUTS_FIRST_BYTE=600s`.
enum EnvironmentSettings {
  static let prefix = "OAIROUTER_"
  /// Names the configuration file.
  static let file = "OAIROUTER_CONFIG"
  private static let shortestSlip = 6

  /// Takes what the variables say.
  ///
  /// An empty one says nothing. One that no key has is no error: Kubernetes makes such variables
  /// of every service's name. If it looks like a slip of the pen, it's told.
  static func take(_ environment: [String: String], into reader: inout SettingsReader) {
    for key in SettingTable.keys {
      guard let text = environment[key.variable], !text.isEmpty else { continue }
      reader.take([text], of: key, .environment(key.variable))
    }
    let known = SettingTable.keys.map(\.variable) + [file]
    for name in environment.keys.sorted() where name.hasPrefix(prefix) && !known.contains(name) {
      // Not the common beginning, or every name would be near to some other; and short words are
      // near to others by chance.
      guard name.count >= prefix.count + shortestSlip else { continue }
      let hint = DocumentNode.hint(
        String(name.dropFirst(prefix.count)),
        known.map { String($0.dropFirst(prefix.count)) }
      )
      if !hint.isEmpty {
        let meant = hint.replacing("'", with: "'\(prefix)", maxReplacements: 1)
        reader.warn("the variable \(name) sets nothing\(meant)")
      }
    }
  }
}
