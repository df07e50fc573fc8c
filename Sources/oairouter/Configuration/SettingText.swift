import OAIRDiscovery

// Flags and variables are text: a scalar is its text, lists and maps are JSON or YAML.

extension SettingsReader {
  /// Takes the texts of a flag or a variable.
  ///
  /// - Parameter texts: a flag that was given several times has several: each is an element.
  mutating func take(_ texts: [String], of key: SettingKey, _ origin: SettingOrigin) {
    if key.form.isScalar {
      guard let text = texts.last else { return }
      let node = DocumentNode(scalar: text, isPlain: true, at: DocumentMark(line: 1, column: 1))
      read(key, node, origin)
      return
    }
    do throws(DocumentError) {
      let node = try Self.node(of: texts, key)
      // JSON has lines of its own.
      read(key, node, origin, texts: texts.contains(where: Self.isDocument) ? [] : texts)
    } catch {
      fail("\(origin.place):\(error.line == nil ? " " : "")\(error)")
    }
  }

  private static func node(
    of texts: [String],
    _ key: SettingKey
  ) throws(DocumentError) -> DocumentNode {
    guard case .list(let form) = key.form else {
      return try YAMLDocument.parse(Array((texts.last ?? "").utf8))
    }
    var elements: [DocumentNode] = []
    for (index, text) in texts.enumerated() {
      let mark = DocumentMark(line: index + 1, column: 1)
      if isDocument(text) {
        let node = try YAMLDocument.parse(Array(text.utf8))
        if case .list(let nodes) = node.content { elements += nodes } else { elements.append(node) }
      } else if key.path == "backends" {
        elements.append(try BackendArgument.node(text, at: mark))
      } else if case .record = form {
        throw DocumentError("expected a JSON list; here is another text")
      } else {
        elements.append(DocumentNode(.scalar(text, isPlain: true), at: mark))
      }
    }
    return DocumentNode(.list(elements), at: DocumentMark(line: 1, column: 1))
  }

  /// True for JSON; `[::1]:8080` is an address.
  private static func isDocument(_ text: String) -> Bool {
    (text.hasPrefix("[") && text.hasSuffix("]")) || (text.hasPrefix("{") && text.hasSuffix("}"))
  }
}
