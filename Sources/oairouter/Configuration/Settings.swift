import OAIRDiscovery

/// Where the value of a setting was said.
enum SettingOrigin: Equatable, Sendable {
  /// Nowhere: it's the default.
  case standard
  /// In the configuration file.
  case file(String, DocumentMark)
  /// In a variable of the environment.
  case environment(String)
  /// On the command line.
  case flag(String)

  /// For a message about the value: where to look, as compilers put it.
  var place: String {
    switch self {
    case .standard: "the default"
    case .file(let path, let mark): "\(path):\(mark.line):\(mark.column)"
    case .environment(let variable): variable
    case .flag(let flag): flag
    }
  }

  /// For `oairouter check`.
  var description: String {
    switch self {
    case .standard: "default"
    case .file(let path, let mark): "\(path):\(mark.line)"
    case .environment, .flag: place
    }
  }
}

/// A setting that somebody has said something about, or nobody.
struct Setting: Sendable {
  var value: SettingValue
  let origin: SettingOrigin
  /// What it was read from, for those who read it once more; nil for a default.
  var node: DocumentNode?
  /// A flag that was given several times: what was said each time, a line of `node` each.
  var texts: [String] = []

  /// A mistake in it, with its place.
  func problem(_ error: DocumentError) -> String {
    if case .file(let path, _) = origin {
      return "\(path):\(error.line == nil ? " " : "")\(error)"
    }
    guard let line = error.line, texts.indices.contains(line - 1) else {
      return "\(origin.place): \(error.problem)"
    }
    return "\(origin.place) \(MaskedText.beginning(texts[line - 1])): \(error.problem)"
  }
}

/// What holds: for every key of the table a value, and where that was said.
///
/// The file, the environment and the flags in layers; what a later one says replaces what an
/// earlier one has said, lists and maps as a whole.
struct Settings: Sendable {
  private var said: [String: Setting] = [:]
  /// Slips that are no errors, in plain words.
  var warnings: [String] = []

  /// The defaults.
  init() {}

  /// A setting.
  ///
  /// - Parameter path: of a key in the table.
  subscript(path: String) -> Setting {
    if let setting = said[path] { return setting }
    guard let key = SettingTable.key(path) else {
      preconditionFailure("the table has no key \(path)")
    }
    return Setting(value: key.standard, origin: .standard, node: nil)
  }

  func value(_ path: String) -> SettingValue { self[path].value }

  /// True when somebody has said something, were it the default.
  func isSaid(_ path: String) -> Bool { said[path] != nil }

  /// Takes what a further layer says.
  mutating func say(_ path: String, _ setting: Setting) { said[path] = setting }

  /// The keys whose values differ, in the table's order.
  func differences(from other: Settings) -> [SettingKey] {
    SettingTable.keys.filter { value($0.path) != other.value($0.path) }
  }
}

/// What is wrong with a configuration: every mistake that was found, with its place.
struct SettingsFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// LIMIT: mistakes that are told at once.
  static let limit = 20

  private(set) var problems: [String] = []

  init() {}
  init(_ problem: String) { problems = [problem] }

  var isEmpty: Bool { problems.isEmpty }

  mutating func add(_ problem: String) {
    if problems.count < Self.limit { problems.append(problem) }
  }

  mutating func add(_ other: SettingsFailure) {
    for problem in other.problems { add(problem) }
  }

  /// Does a part of the work, and keeps what is wrong with it.
  ///
  /// - Returns: what comes of it; nil when something is wrong.
  mutating func collect<Value>(
    _ work: () throws(SettingsFailure) -> Value
  ) -> Value? {
    do throws(SettingsFailure) { return try work() } catch {
      add(error)
      return nil
    }
  }

  /// One line for each.
  var description: String { problems.joined(separator: "\n") }
}
