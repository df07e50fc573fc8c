import OAIRDiscovery
import OAIRMock

// From a document's node to a value. What is wrong is told with its place and with what it should
// be; a word that isn't known, with the nearest one.

extension SettingForm {
  /// Reads a value.
  ///
  /// - Parameter what: the setting's name, for texts.
  /// - Throws: `DocumentError` when it's something else.
  func read(_ node: DocumentNode, _ what: String) throws(DocumentError) -> SettingValue {
    switch self {
    case .boolean: return .boolean(try Self.boolean(node, what))
    case .integer(let range): return .integer(try node.integer(what, in: range))
    case .duration(let range): return .duration(try Self.duration(node, what, range))
    case .size(let range): return .size(try Self.size(node, what, range))
    case .word(let words): return .text(try node.word(what, of: words))
    case .toggle: return .text(try Self.toggle(node, what))
    case .text(let form): return try Self.text(node, what, form)
    case .wordOr(let words, let form):
      if case .scalar(let text, _) = node.content, words.contains(text) { return .text(text) }
      return try Self.alternative(node, what, words, form)
    case .optional(let form): return node.isNull ? .nothing : try form.read(node, what)
    case .list(let form): return try Self.list(node, what, form)
    case .map(let form): return try Self.map(node, what, form)
    case .record(let name, let keys): return try Self.record(node, name, keys)
    }
  }

  private static func boolean(_ node: DocumentNode, _ what: String) throws(DocumentError) -> Bool {
    if case .scalar(let text, isPlain: true) = node.content {
      if ["true", "on"].contains(text) { return true }
      if ["false", "off"].contains(text) { return false }
    }
    throw DocumentError("\(what) must be true or false; \(node.found)", at: node.mark)
  }

  private static func toggle(_ node: DocumentNode, _ what: String) throws(DocumentError) -> String {
    if case .scalar(let text, isPlain: true) = node.content {
      if text == "true" { return "on" }
      if text == "false" { return "off" }
    }
    return try node.word(what, of: ["auto", "on", "off"])
  }

  private static func duration(
    _ node: DocumentNode,
    _ what: String,
    _ range: ClosedRange<Duration>
  ) throws(DocumentError) -> Duration {
    let value = try node.duration(what)
    guard range.contains(value) else {
      let least = DurationText.render(range.lowerBound)
      let most = DurationText.render(range.upperBound)
      let problem =
        range.lowerBound == .microseconds(1) && value == .zero
        ? "must be longer than 0s" : "must be from \(least) to \(most)"
      throw DocumentError("\(what) \(problem); \(node.found)", at: node.mark)
    }
    return value
  }

  private static func size(
    _ node: DocumentNode,
    _ what: String,
    _ range: ClosedRange<Int>
  ) throws(DocumentError) -> Int {
    guard case .scalar(let text, _) = node.content, let size = SizeArgument(argument: text) else {
      let problem =
        "\(what) must be a whole number, alone or with one of the units B, KB, MB, GB, KiB, MiB, "
        + "GiB, such as 64KiB; \(node.found)"
      throw DocumentError(problem, at: node.mark)
    }
    guard range.contains(size.value) else {
      let least = SizeArgument(range.lowerBound)
      let most = SizeArgument(range.upperBound)
      throw DocumentError("\(what) must be from \(least) to \(most); \(node.found)", at: node.mark)
    }
    return size.value
  }

  private static func text(
    _ node: DocumentNode,
    _ what: String,
    _ form: TextForm
  ) throws(DocumentError) -> SettingValue {
    let text = try node.text(what)
    if let problem = form.problem(text) {
      // One of several lines names it already.
      let found = problem.contains("\n") || form.isSecret ? "" : "; \(node.found)"
      throw DocumentError("\(what): \(problem)\(found)", at: node.mark)
    }
    return form.isSecret ? .secret(text) : .text(text)
  }

  private static func alternative(
    _ node: DocumentNode,
    _ what: String,
    _ words: [String],
    _ form: SettingForm
  ) throws(DocumentError) -> SettingValue {
    do throws(DocumentError) {
      return try form.read(node, what)
    } catch {
      var hint = ""
      if case .scalar(let text, _) = node.content { hint = DocumentNode.hint(text, words) }
      let list = words.joined(separator: " or ")
      let problem = "\(error.problem) (or it is \(list))\(hint)"
      throw DocumentError(problem, line: error.line, column: error.column)
    }
  }

  private static func list(
    _ node: DocumentNode,
    _ what: String,
    _ form: SettingForm
  ) throws(DocumentError) -> SettingValue {
    var values: [SettingValue] = []
    for element in try node.elements(of: what) {
      values.append(try form.read(element, "an element of \(what)"))
    }
    return .list(values)
  }

  private static func map(
    _ node: DocumentNode,
    _ what: String,
    _ form: SettingForm
  ) throws(DocumentError) -> SettingValue {
    guard case .map(let members) = node.content else {
      throw DocumentError("\(what) must be a map; \(node.foundKind)", at: node.mark)
    }
    var values: [SettingValue.Member] = []
    for member in members {
      let value = try form.read(member.value, "\(what).\(member.key)")
      values.append(SettingValue.Member(name: member.key, value: value))
    }
    // Their order means nothing.
    return .map(values.sorted { $0.name < $1.name })
  }

  /// What has its default isn't kept: it's no other value, and would only be in the way.
  private static func record(
    _ node: DocumentNode,
    _ name: String,
    _ keys: [SettingKey]
  ) throws(DocumentError) -> SettingValue {
    let members = try node.members(keys.map(\.path), of: name)
    var values: [SettingValue.Member] = []
    for key in keys {
      guard let member = members[key.path], !member.isNull else {
        if key.isRequired {
          throw DocumentError("\(name) needs \(key.path): \(key.help)", at: node.mark)
        }
        continue
      }
      let value = try key.form.read(member, key.path)
      if value == key.standard { continue }
      if let reason = key.unbuilt {
        throw DocumentError("\(key.path): \(reason)", at: member.mark)
      }
      values.append(SettingValue.Member(name: key.path, value: value))
    }
    return .map(values)
  }
}
