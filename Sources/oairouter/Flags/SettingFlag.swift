import ArgumentParser

/// What a flag says about a setting; the table says what it means.
struct SettingFlag: Sendable {
  let path: String
  let text: String
}

extension SettingFlag: CustomStringConvertible {
  /// As `--help` shows it.
  var description: String { text }
}

extension Option where Value == SettingFlag? {
  /// The flag of a setting that has one value.
  ///
  /// One that is true or false may stand without its value.
  ///
  /// - Parameter path: of a key in the table.
  init(setting path: String) {
    let key = SettingFlag.key(path)
    if case .boolean = key.form {
      self.init(
        wrappedValue: nil,
        name: key.flagNames,
        defaultAsFlag: SettingFlag(path: path, text: "true"),
        help: key.flagHelp,
        transform: { SettingFlag(path: path, text: $0) }
      )
    } else {
      self.init(
        wrappedValue: nil,
        name: key.flagNames,
        help: key.flagHelp,
        transform: { SettingFlag(path: path, text: $0) }
      )
    }
  }
}

extension Option where Value == [SettingFlag] {
  /// The flag of a setting that is a list: it may be given several times.
  ///
  /// - Parameter path: of a key in the table.
  init(settings path: String) {
    let key = SettingFlag.key(path)
    self.init(
      wrappedValue: [],
      name: key.flagNames,
      help: key.flagHelp,
      transform: { SettingFlag(path: path, text: $0) }
    )
  }
}

extension SettingFlag {
  fileprivate static func key(_ path: String) -> SettingKey {
    guard let key = SettingTable.key(path) else {
      preconditionFailure("the table has no key \(path)")
    }
    return key
  }

  /// Arguments in which the value of a flag that may stand without one is a word of its own.
  ///
  /// ArgumentParser 1.8.2 forgets the value of `--flag=value` there when another flag follows, and
  /// takes the flag for one without a value: what was to be off would be on.
  ///
  /// - Parameter arguments: the words of a command line, without the program's name.
  static func separatingValues(in arguments: [String]) -> [String] {
    let names = SettingTable.keys
      .filter { if case .boolean = $0.form { true } else { false } }
      .flatMap(\.flagWords)
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    let options = arguments[..<end].flatMap { word -> [String] in
      guard let place = word.firstIndex(of: "="), names.contains(String(word[..<place])) else {
        return [word]
      }
      return [String(word[..<place]), String(word[word.index(after: place)...])]
    }
    return options + arguments[end...]
  }

  /// What flags say, by the paths of their keys, wherever in a command's groups they are.
  ///
  /// - Parameter arguments: parsed ones. Their properties are found by reflection: a flag that is
  ///   declared can't be forgotten.
  static func all(in arguments: Any) -> [String: [String]] {
    var flags: [String: [String]] = [:]
    for child in Mirror(reflecting: arguments).children {
      switch child.value {
      case let option as Option<SettingFlag?>:
        if let flag = option.wrappedValue { flags[flag.path, default: []].append(flag.text) }
      case let option as Option<[SettingFlag]>:
        for flag in option.wrappedValue { flags[flag.path, default: []].append(flag.text) }
      case let group as any FlagGroup:
        flags.merge(all(in: group.arguments)) { $0 + $1 }
      default: break
      }
    }
    return flags
  }
}

/// An `OptionGroup`, of whatever it is.
private protocol FlagGroup {
  var arguments: any ParsableArguments { get }
}

extension OptionGroup: FlagGroup {
  fileprivate var arguments: any ParsableArguments { wrappedValue }
}

extension SettingKey {
  fileprivate var flagNames: NameSpecification {
    NameSpecification(
      (flagAliases + [flagName]).map { NameSpecification.Element.customLong($0) }
    )
  }

  /// What `--help` says.
  fileprivate var flagHelp: ArgumentHelp {
    var text = help
    if case .list = form { text += " Repeatable." }
    if !form.words.isEmpty { text += " One of \(form.words.joined(separator: ", "))." }
    switch standard {
    case .nothing, .list([]), .map([]): break
    default: text += " (default: \(standard.rendered))"
    }
    return ArgumentHelp("\(text)", valueName: form.valueName)
  }
}

extension SettingForm {
  /// The words that it may be, if there are any.
  fileprivate var words: [String] {
    switch self {
    case .word(let words): words
    case .toggle: ["auto", "on", "off"]
    default: []
    }
  }

  /// What stands for the value in `--help`.
  fileprivate var valueName: String {
    switch self {
    case .boolean: "true|false"
    case .integer: "number"
    case .duration: "duration"
    case .size: "size"
    case .word, .toggle: "word"
    case .text: "text"
    case .wordOr(_, let form), .optional(let form): form.valueName
    case .list(.record): "json"
    case .list(let form): form.valueName
    case .map, .record: "json"
    }
  }
}
