import OAIRMock

/// The value of a setting, as its form has read it.
indirect enum SettingValue: Equatable, Sendable {
  /// `null`: nothing was said.
  case nothing
  case boolean(Bool)
  case integer(Int)
  /// Bytes.
  case size(Int)
  case duration(Duration)
  case text(String)
  /// A text that isn't shown.
  case secret(String)
  case list([SettingValue])
  /// Members in their order, with different names.
  case map([Member])

  /// One member of a map.
  struct Member: Equatable, Sendable {
    let name: String
    let value: SettingValue
  }

  /// A member of a map; nil when this is none, or has no such member.
  subscript(name: String) -> SettingValue? {
    guard case .map(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  // MARK: - What it is

  var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// A whole number, or a number of bytes.
  var integer: Int? {
    switch self {
    case .integer(let value), .size(let value): value
    default: nil
    }
  }
  var duration: Duration? { if case .duration(let value) = self { value } else { nil } }
  /// A text, secret or not.
  var text: String? {
    switch self {
    case .text(let value), .secret(let value): value
    default: nil
    }
  }
  var elements: [SettingValue] { if case .list(let values) = self { values } else { [] } }
  var members: [Member] { if case .map(let members) = self { members } else { [] } }

  // MARK: - How it is shown

  /// What is shown in a secret's place; it is refused where a secret is read.
  static let mask = "********"

  /// YAML in one line, which reads as the same value again; a secret as asterisks.
  var rendered: String {
    switch self {
    case .nothing: "null"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .size(let value): SizeArgument(value).description
    case .duration(let value): DurationText.render(value)
    case .text(let value): Self.scalar(Self.unexpanded(value))
    case .secret: ConfigurationSchema.quoted(Self.mask)
    case .list(let values): "[" + values.map(\.rendered).joined(separator: ", ") + "]"
    case .map(let members):
      "{" + members.map { "\(Self.scalar($0.name)): \($0.value.rendered)" }.joined(separator: ", ")
        + "}"
    }
  }

  /// JSON in one line, which says the same in a configuration file; a secret as asterisks.
  var json: String {
    switch self {
    case .nothing, .boolean, .integer: rendered
    case .size, .duration: ConfigurationSchema.quoted(rendered)
    case .text(let value): ConfigurationSchema.quoted(Self.unexpanded(value))
    case .secret: ConfigurationSchema.quoted(Self.mask)
    case .list(let values): "[" + values.map(\.json).joined(separator: ", ") + "]"
    case .map(let members):
      "{"
        + members.map { "\(ConfigurationSchema.quoted($0.name)): \($0.value.json)" }
        .joined(separator: ", ") + "}"
    }
  }

  /// A text whose `${` is read as such from a file, not as a variable's (`VariableExpansion`).
  private static func unexpanded(_ text: String) -> String { text.replacing("${", with: "$${") }

  /// A text, quoted where it would be something else without.
  static func scalar(_ text: String) -> String {
    let words = ["", "~", "null", "true", "false", "on", "off", "yes", "no", "y", "n"]
    let isPlain =
      !words.contains(text.lowercased()) && !(text.first?.isNumber ?? true)
      && !text.hasSuffix(":") && !text.hasPrefix("-")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "-_./:".utf8.contains(byte)
        }
      }
    if isPlain { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case let control where control.value < 0x20 || (0x7f...0x9f).contains(control.value):
        quoted += "\\x" + String(control.value + 0x100, radix: 16).dropFirst()
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
