/// The settings among the words of a command line, where each is a flag and its value.
struct PlainFlags {
  /// What they say, by the paths of their keys, as `SettingFlag.all(in:)` has it.
  private(set) var flags: [String: [String]] = [:]
  /// The words that are about no setting, in their order.
  private(set) var rest: [String] = []

  /// Takes the words apart.
  ///
  /// - Parameter arguments: the words behind the command.
  /// - Returns: nil where the library has rules of its own: for a value that is missing, is empty
  ///   or begins with `-`, for a setting right behind another flag, and for all that stands beside
  ///   `--`.
  init?(_ arguments: [String]) {
    let keys = Self.keys
    var words = arguments[...]
    var mayWantValue = false
    while let word = words.popFirst() {
      guard word != "--" else { return nil }
      let (name, value) = Self.split(word)
      guard let key = keys[name] else {
        rest.append(word)
        mayWantValue = word.hasPrefix("-") && value == nil
        continue
      }
      // Taken out from behind another flag, it would leave that one with somebody else's value.
      guard !mayWantValue else { return nil }
      guard let text = value ?? words.popFirst(), !text.isEmpty, !text.hasPrefix("-") else {
        return nil
      }
      // The last word about a single value holds.
      if case .list = key.form {
        flags[key.path, default: []].append(text)
      } else {
        flags[key.path] = [text]
      }
    }
  }

  /// The keys of the table by the names of their flags, with their hyphens.
  private static var keys: [String: SettingKey] {
    var keys: [String: SettingKey] = [:]
    for key in SettingTable.keys {
      for word in key.flagWords { keys[word] = key }
    }
    return keys
  }

  private static func split(_ word: String) -> (name: String, value: String?) {
    guard let place = word.firstIndex(of: "=") else { return (word, nil) }
    return (String(word[..<place]), String(word[word.index(after: place)...]))
  }
}
