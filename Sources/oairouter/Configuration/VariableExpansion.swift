import OAIRDiscovery

/// `${NAME}` in the values of a file stands for what the environment's variable holds.
///
/// `$${` is a `${`.
///
/// In the values of the document, not in its text: whatever a variable holds, it stays one value.
struct VariableExpansion {
  let environment: [String: String]

  /// A document with all variables replaced.
  ///
  /// - Throws: `DocumentError` at the first one that isn't set, or isn't closed.
  func expanded(_ node: DocumentNode) throws(DocumentError) -> DocumentNode {
    switch node.content {
    case .null: return node
    case .scalar(let text, _):
      guard text.contains("${") else { return node }
      // Plain, for it may be a number, though it has to be quoted within braces; never null.
      let value = try expanded(text, node.mark)
      return DocumentNode(.scalar(value, isPlain: true), at: node.mark, isHidden: true)
    case .list(let nodes):
      var expandedNodes: [DocumentNode] = []
      for node in nodes { expandedNodes.append(try expanded(node)) }
      return DocumentNode(.list(expandedNodes), at: node.mark)
    case .map(let members):
      var expandedMembers: [DocumentMember] = []
      for member in members {
        let value = try expanded(member.value)
        expandedMembers.append(DocumentMember(key: member.key, at: member.mark, value: value))
      }
      return DocumentNode(.map(expandedMembers), at: node.mark)
    }
  }

  private func expanded(_ text: String, _ mark: DocumentMark) throws(DocumentError) -> String {
    var result = ""
    var rest = text[...]
    while let opening = rest.firstRange(of: "${") {
      let before = rest[..<opening.lowerBound]
      if before.hasSuffix("$") {
        result += before.dropLast() + "${"
        rest = rest[opening.upperBound...]
        continue
      }
      guard let closing = rest[opening.upperBound...].firstIndex(of: "}") else {
        throw DocumentError("'${' is never closed; write '$${' for the characters", at: mark)
      }
      let name = String(rest[opening.upperBound..<closing])
      guard Self.isName(name) else {
        throw DocumentError("'${\(name.prefix(64))}' names no variable", at: mark)
      }
      guard let value = environment[name] else {
        throw DocumentError("the variable \(name) isn't set", at: mark)
      }
      result += before + value
      rest = rest[rest.index(after: closing)...]
    }
    return result + rest
  }

  private static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: true
      default: false
      }
    }
  }
}
