import OAIRDiscovery
import OAIRouter

/// One key of the configuration: a row of `SettingTable`, or of a record within it.
struct SettingKey: Sendable {
  /// What becomes of the router's options when the setting has a value.
  typealias Apply = @Sendable (inout RouterOptions, SettingValue) -> Void

  /// `timeouts.first_byte`; in a record the name alone.
  let path: String
  let form: SettingForm
  /// What holds when nobody says anything.
  let standard: SettingValue
  /// What it means, in one line.
  let help: String
  /// True in a record that can't be without it.
  var isRequired = false
  /// True when a running router can go on with another value.
  var isLive = true
  /// Other names of its flag: shorter ones.
  var flagAliases: [String] = []
  /// Why no other value than the default is taken, for what isn't built yet.
  var unbuilt: String?
  /// nil when more than one setting is needed: `Settings+RouterOptions` has those.
  var apply: Apply?

  /// Describes a key.
  ///
  /// - Parameters:
  ///   - standard: the default as it would stand in a file.
  init(_ path: String, _ form: SettingForm, _ standard: String, _ help: String) {
    self.path = path
    self.form = form
    self.help = help
    guard standard != "null" else {
      self.standard = .nothing
      return
    }
    do throws(DocumentError) {
      self.standard = try form.read(try YAMLDocument.parse(Array(standard.utf8)), path)
    } catch {
      preconditionFailure("the default of \(path): \(error)")
    }
  }

  /// A key of a record that has no default.
  init(required path: String, _ form: SettingForm, _ help: String) {
    self.path = path
    self.form = form
    self.help = help
    standard = .nothing
    isRequired = true
  }

  /// `--timeouts.first-byte`, or the shorter name.
  var flag: String { "--" + (flagAliases.first ?? flagName) }

  /// Every word of a command line that is its flag.
  var flagWords: [String] { (flagAliases + [flagName]).map { "--" + $0 } }

  /// `timeouts.first-byte`.
  var flagName: String {
    let dashed = path.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
    return String(decoding: dashed, as: UTF8.self)
  }

  /// `OAIROUTER_TIMEOUTS_FIRST_BYTE`.
  var variable: String {
    EnvironmentSettings.prefix + String(path.map { $0 == "." ? "_" : $0 }).uppercased()
  }

  // MARK: - Qualities

  /// A change of it waits for a restart.
  var needingRestart: SettingKey {
    var key = self
    key.isLive = false
    return key
  }

  /// It can't be anything but its default in this build.
  func notBuilt(_ reason: String) -> SettingKey {
    var key = self
    key.unbuilt = reason
    return key
  }

  /// Its flag has another name, too.
  func alsoFlag(_ name: String) -> SettingKey {
    var key = self
    key.flagAliases.append(name)
    return key
  }

  func applying(_ apply: @escaping Apply) -> SettingKey {
    var key = self
    key.apply = apply
    return key
  }

  // MARK: - Where it goes

  func into(_ target: any WritableKeyPath<RouterOptions, Duration> & Sendable) -> SettingKey {
    applying { options, value in
      if let duration = value.duration { options[keyPath: target] = duration }
    }
  }

  /// A number or a size; `auto` leaves the default.
  func into(_ target: any WritableKeyPath<RouterOptions, Int> & Sendable) -> SettingKey {
    applying { options, value in
      if let integer = value.integer { options[keyPath: target] = integer }
    }
  }

  func into(_ target: any WritableKeyPath<RouterOptions, Bool> & Sendable) -> SettingKey {
    applying { options, value in
      if let boolean = value.boolean { options[keyPath: target] = boolean }
    }
  }

  func into(_ target: any WritableKeyPath<RouterOptions, [String]> & Sendable) -> SettingKey {
    applying { options, value in options[keyPath: target] = value.elements.compactMap(\.text) }
  }
}
