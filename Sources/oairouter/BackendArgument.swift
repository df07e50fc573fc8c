import ArgumentParser
import OAIRDiscovery
import OAIRouter

/// `--backend [id=]url[,setting=value…]`.
struct BackendArgument: ExpressibleByArgument {
  let id: String
  let url: String
  /// What stands behind the URL: each `name=value`.
  private let settings: [Substring]

  /// Something stands behind the URL.
  var hasSettings: Bool { !settings.isEmpty }

  init?(argument whole: String) {
    guard !whole.isEmpty else { return nil }
    // A URL has no comma before its path, and a path with one can be written with `%2C`.
    let parts = whole.split(separator: ",", omittingEmptySubsequences: false)
    let argument = String(parts[0])
    settings = Array(parts.dropFirst())
    // An `=` belongs to the id only before the URL begins: a path may hold one too.
    let schemeStart = argument.firstIndex { $0 == ":" || $0 == "/" } ?? argument.endIndex
    if let equals = argument.firstIndex(of: "="), equals < schemeStart {
      id = String(argument[..<equals])
      url = String(argument[argument.index(after: equals)...])
    } else {
      url = argument
      id = ConfiguredBackend.defaultID(argument)
    }
    if id.isEmpty || url.isEmpty { return nil }
  }

  /// The same as an element of the configuration's `backends`.
  ///
  /// - Parameter mark: what stands for its place.
  /// - Throws: `DocumentError` when it has no URL.
  static func node(
    _ text: String,
    at mark: DocumentMark
  ) throws(DocumentError) -> DocumentNode {
    guard let argument = BackendArgument(argument: text) else {
      let shown = MaskedText.beginning(text)
      throw DocumentError("a backend is [id=]url[,setting=value…]; here is '\(shown)'")
    }
    var members = [("id", argument.id), ("url", argument.url)]
    for setting in argument.settings {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      members.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : ""))
    }
    return DocumentNode(
      .map(
        members.map { name, value in
          let value = DocumentNode(.scalar(value, isPlain: true), at: mark)
          return DocumentMember(key: name, at: mark, value: value)
        }
      ),
      at: mark
    )
  }
}
