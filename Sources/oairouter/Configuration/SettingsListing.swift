/// Shows settings: what holds, and where it was said.
struct SettingsListing {
  let settings: Settings

  /// A configuration file with what holds; behind each value where it was said.
  var yaml: String {
    var rows: [(text: String, origin: String)] = []
    var section: [String] = []
    for key in SettingTable.keys {
      let parts = key.path.split(separator: ".").map(String.init)
      let names = Array(parts.dropLast())
      let common = zip(section, names).prefix { $0 == $1 }.count
      for depth in common..<max(common, names.count) {
        rows.append((Self.indent(depth) + names[depth] + ":", ""))
      }
      section = names
      rows += Self.rows(key, parts[parts.count - 1], depth: names.count, settings[key.path])
    }
    // What is longer gets its origin right behind it: nobody reads across a screen.
    let widths = rows.filter { !$0.origin.isEmpty }.map(\.text.count).filter { $0 <= Self.column }
    let column = widths.max() ?? 0
    return rows.map { text, origin in
      guard !origin.isEmpty else { return text + "\n" }
      let gap = String(repeating: " ", count: max(0, column - text.count))
      return "\(text)\(gap)  # \(origin)\n"
    }.joined()
  }

  private static let column = 56

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  /// A list of records has a line for each of them.
  private static func rows(
    _ key: SettingKey,
    _ name: String,
    depth: Int,
    _ setting: Setting
  ) -> [(text: String, origin: String)] {
    let start = indent(depth) + name + ":"
    guard case .list(.record) = key.form, !setting.value.elements.isEmpty else {
      return [("\(start) \(setting.value.rendered)", setting.origin.description)]
    }
    let elements = setting.value.elements.map { (indent(depth + 1) + "- " + $0.rendered, "") }
    return [(start, setting.origin.description)] + elements
  }

  /// An object with a member for each key: its value, as it stands in a file, and its source.
  var json: String {
    let members = SettingTable.keys.map { key in
      let setting = settings[key.path]
      let source = ConfigurationSchema.quoted(setting.origin.description)
      return "  \(ConfigurationSchema.quoted(key.path)): "
        + "{\"value\": \(setting.value.json), \"source\": \(source)}"
    }
    return "{\n" + members.joined(separator: ",\n") + "\n}\n"
  }

  /// An object with what is wrong, in place of one with keys.
  static func json(_ failure: SettingsFailure) -> String {
    let problems = failure.problems.map { "    " + ConfigurationSchema.quoted($0) }
    return "{\n  \"mistakes\": [\n" + problems.joined(separator: ",\n") + "\n  ]\n}\n"
  }
}
