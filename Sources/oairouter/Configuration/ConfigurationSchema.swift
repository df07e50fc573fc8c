import OAIRMock
import OAIRouter

/// The JSON Schema (2020-12) of configuration files: the table in a form that editors know.
enum ConfigurationSchema {
  /// The schema's text; docs/oairouter.schema.json has the same, and a test compares them.
  static var text: String {
    var root = object(below: "")
    root.members.insert(
      ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
      at: 0
    )
    root.members.insert(("title", .string("oairouter's configuration")), at: 1)
    return render(.object(root.members), depth: 0) + "\n"
  }

  /// JSON, as far as schemas need it.
  indirect enum Node {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case list([Node])
    case object([(String, Node)])
  }

  private struct Section {
    var members: [(String, Node)]
  }

  /// A section, and those below it.
  private static func object(below prefix: String) -> Section {
    let properties = SettingsReader.names(below: prefix).map { name -> (String, Node) in
      let path = prefix + name
      if let key = SettingTable.key(path) { return (name, describe(key)) }
      return (name, nullable(.object(object(below: path + ".").members)))
    }
    return Section(members: [
      ("type", .string("object")), ("additionalProperties", .boolean(false)),
      ("properties", .object(properties)),
    ])
  }

  private static func describe(_ key: SettingKey) -> Node {
    var members = members(of: key.form)
    if key.unbuilt != nil {
      members.append(("description", .string(key.help + " Not built in yet.")))
    } else {
      members.append(("description", .string(key.help)))
    }
    switch key.standard {
    case .nothing, .map, .list: break
    case .boolean(let value): members.append(("default", .boolean(value)))
    case .integer(let value): members.append(("default", .integer(value)))
    default: members.append(("default", .string(key.standard.rendered)))
    }
    return .object(members)
  }

  private static func members(of form: SettingForm) -> [(String, Node)] {
    switch form {
    case .boolean:
      return [("enum", .list([.boolean(true), .boolean(false), .string("on"), .string("off")]))]
    case .integer(let range):
      return [
        ("type", .string("integer")), ("minimum", .integer(range.lowerBound)),
        ("maximum", .integer(range.upperBound)),
      ]
    case .duration:
      return [("type", .string("string")), ("pattern", .string("^[0-9]+(us|ms|s|m|h)$"))]
    case .size:
      return [
        ("type", .list([.string("string"), .string("integer")])),
        ("pattern", .string("^[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)?$")),
      ]
    case .word(let words): return [("enum", .list(words.map { .string($0) }))]
    case .toggle:
      return [
        (
          "enum",
          .list([.string("auto"), .string("on"), .string("off"), .boolean(true), .boolean(false)])
        )
      ]
    case .text: return [("type", .string("string")), ("minLength", .integer(1))]
    case .wordOr(let words, let form):
      return [
        (
          "anyOf",
          .list([.object([("enum", .list(words.map { .string($0) }))]), .object(members(of: form))])
        )
      ]
    case .optional(let form):
      return [("anyOf", .list([.object(members(of: form)), .object([("type", .string("null"))])]))]
    case .list(let form):
      return [("type", .string("array")), ("items", .object(members(of: form)))]
    case .map(let form):
      return [("type", .string("object")), ("additionalProperties", .object(members(of: form)))]
    case .record(_, let keys):
      let required = keys.filter(\.isRequired).map { Node.string($0.path) }
      return [
        ("type", .string("object")), ("additionalProperties", .boolean(false)),
        ("required", .list(required)),
        ("properties", .object(keys.map { ($0.path, describe($0)) })),
      ]
    }
  }

  private static func nullable(_ node: Node) -> Node {
    .object([("anyOf", .list([node, .object([("type", .string("null"))])]))])
  }

  // MARK: - JSON

  private static func render(_ node: Node, depth: Int) -> String {
    let indent = String(repeating: "  ", count: depth + 1)
    let end = String(repeating: "  ", count: depth)
    switch node {
    case .string(let text): return quoted(text)
    case .integer(let value): return "\(value)"
    case .boolean(let value): return "\(value)"
    case .list(let nodes):
      return "[" + nodes.map { render($0, depth: depth + 1) }.joined(separator: ", ") + "]"
    case .object(let members):
      let lines = members.map { "\(indent)\(quoted($0.0)): \(render($0.1, depth: depth + 1))" }
      return lines.isEmpty ? "{}" : "{\n" + lines.joined(separator: ",\n") + "\n\(end)}"
    }
  }

  /// A JSON string.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      // JSON allows the second kind as it is; a reader of YAML doesn't.
      case let control where control.value < 0x20 || (0x7f...0x9f).contains(control.value):
        result += "\\u" + String(control.value + 0x10000, radix: 16).dropFirst()
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
