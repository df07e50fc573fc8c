import OAIRDiscovery

/// Puts settings together, layer by layer, and goes on after a mistake: a user wants to know of all
/// of them.
struct SettingsReader {
  private(set) var settings = Settings()
  private(set) var failure = SettingsFailure()

  // MARK: - The file

  /// Takes a file's document.
  ///
  /// - Parameter path: the file's, for texts.
  mutating func take(_ document: DocumentNode, path: String) {
    if document.isNull { return }
    takeSection(document, prefix: "", path)
  }

  private mutating func takeSection(_ node: DocumentNode, prefix: String, _ path: String) {
    let name = prefix.isEmpty ? "the configuration" : String(prefix.dropLast())
    // `timeouts:` with nothing below it, as when all of it is commented out.
    if node.isNull { return }
    guard case .map(let members) = node.content else {
      let keys = Self.names(below: prefix).joined(separator: ", ")
      let problem = DocumentError("\(name) is a map of \(keys); \(node.foundKind)", at: node.mark)
      fail(problem, path)
      return
    }
    for member in members {
      let full = prefix + member.key
      let hasDot = member.key.contains(".")
      if !hasDot, let key = SettingTable.key(full) {
        let origin = SettingOrigin.file(path, member.mark)
        read(key, member.value, origin)
      } else if !hasDot, !Self.names(below: full + ".").isEmpty {
        takeSection(member.value, prefix: full + ".", path)
      } else {
        let hint = Self.hint(member.key, below: prefix)
        fail(
          DocumentError("\(name) has no key '\(member.key.prefix(64))'\(hint)", at: member.mark),
          path
        )
      }
    }
  }

  /// What was meant, most likely: a neighbour, or a key of that name elsewhere.
  private static func hint(_ word: String, below prefix: String) -> String {
    let near = DocumentNode.hint(word, names(below: prefix))
    if !near.isEmpty { return near }
    let elsewhere = SettingTable.keys.map(\.path).filter { path in
      path == word || path.hasSuffix("." + word) || path.hasPrefix(word + ".")
    }
    guard let first = elsewhere.first else { return "" }
    if word.contains("."), elsewhere.contains(word) {
      let parts = word.split(separator: ".").joined(separator: ": {")
      return "; sections are maps: write \(parts): …"
        + String(repeating: "}", count: word.count { $0 == "." })
    }
    return "; did you mean '\(first)'?"
  }

  /// The names that may stand in a section, each once, in the table's order.
  static func names(below prefix: String) -> [String] {
    var names: [String] = []
    for key in SettingTable.keys where key.path.hasPrefix(prefix) {
      let name = String(key.path.dropFirst(prefix.count).prefix { $0 != "." })
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  // MARK: - One key

  /// Takes what was said about a key.
  ///
  /// - Parameter texts: a flag's, if each is a line of the node.
  mutating func read(
    _ key: SettingKey,
    _ node: DocumentNode,
    _ origin: SettingOrigin,
    texts: [String] = []
  ) {
    var setting = Setting(value: .nothing, origin: origin, node: node, texts: texts)
    do throws(DocumentError) {
      // `key:` with nothing behind it says nothing.
      if node.isNull, key.standard != .nothing { return }
      if case .list(let form) = key.form, case .list(let elements) = node.content {
        readElements(elements, of: key, form, &setting)
      } else {
        setting.value = node.isNull ? .nothing : try key.form.read(node, key.path)
      }
      if let reason = key.unbuilt, setting.value != key.standard {
        throw DocumentError("\(key.path): \(reason)", at: node.mark)
      }
      settings.say(key.path, setting)
    } catch {
      failure.add(setting.problem(error))
    }
  }

  /// Reads a list and goes on after a mistake in an element; the others stay, for those who look
  /// closer at them.
  private mutating func readElements(
    _ elements: [DocumentNode],
    of key: SettingKey,
    _ form: SettingForm,
    _ setting: inout Setting
  ) {
    var values: [SettingValue] = []
    var nodes: [DocumentNode] = []
    for element in elements {
      do throws(DocumentError) {
        values.append(try form.read(element, "an element of \(key.path)"))
        nodes.append(element)
      } catch { failure.add(setting.problem(error)) }
    }
    setting.value = .list(values)
    setting.node = setting.node.map { DocumentNode(.list(nodes), at: $0.mark) }
  }

  private mutating func fail(_ error: DocumentError, _ path: String) {
    failure.add("\(path):\(error)")
  }

  mutating func fail(_ problem: String) { failure.add(problem) }
  mutating func warn(_ text: String) { settings.warnings.append(text) }
}
