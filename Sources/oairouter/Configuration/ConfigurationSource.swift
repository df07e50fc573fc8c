import Glibc
import OAIRDiscovery

/// Where a router's settings come from: everything that a reload reads again, or keeps.
struct ConfigurationSource: Sendable {
  /// The configuration file; nil for none.
  let path: String?
  let environment: [String: String]
  /// What the command line says, by the paths of keys.
  let flags: [String: [String]]
  /// What came out of a pipe that `path` names, which can't be read again.
  private var piped: [UInt8]?

  /// - Parameter file: what `--config` says; nil for what the environment says, if anything.
  init(file: String?, flags: [String: [String]], environment: [String: String]) {
    let named = environment[EnvironmentSettings.file] ?? ""
    path = file ?? (named.isEmpty ? nil : named)
    self.flags = flags
    self.environment = environment
  }

  /// Reads the file, if there is one, and puts the layers together.
  ///
  /// On the caller's thread, which may block.
  ///
  /// - Throws: `SettingsFailure` with every mistake that was found.
  func read() throws(SettingsFailure) -> Settings { try settings(of: try bytes()) }

  /// Reads the file for the first time; what comes out of a pipe is kept.
  ///
  /// On the caller's thread, which may block.
  ///
  /// - Throws: `SettingsFailure` when it can't be read.
  mutating func firstBytes() throws(SettingsFailure) -> [UInt8]? {
    let bytes = try bytes()
    if let path, PipedFile.isPipe(path) { piped = bytes }
    return bytes
  }

  /// True for one that came through a pipe: it can't change.
  var isPiped: Bool { piped != nil }

  /// Reads the file, if there is one.
  ///
  /// On the caller's thread, which may block.
  ///
  /// - Throws: `SettingsFailure` when it can't be read.
  func bytes() throws(SettingsFailure) -> [UInt8]? {
    if let piped { return piped }
    guard let path else { return nil }
    do throws(DocumentError) {
      if PipedFile.isPipe(path) { return try PipedFile.read(path) }
      return try WholeFile.read(path)
    } catch { throw SettingsFailure("\(path): \(error)") }
  }

  /// Puts the layers together.
  ///
  /// - Parameter bytes: of the file.
  /// - Throws: `SettingsFailure` with every mistake that was found.
  func settings(of bytes: [UInt8]?) throws(SettingsFailure) -> Settings {
    let reader = layers(of: bytes)
    guard reader.failure.isEmpty else { throw reader.failure }
    return reader.settings
  }

  /// Puts the layers together for a router.
  ///
  /// With a mistake in them the files that they name are looked at all the same, and what
  /// is wrong there is told with it.
  ///
  /// - Parameters:
  ///   - bytes: of the file.
  ///   - discover: `--discover`.
  ///   - hasDemo: a backend of its own comes on top.
  /// - Throws: `SettingsFailure` with every mistake that was found.
  func setup(
    of bytes: [UInt8]?,
    discover: [DiscoverySource],
    hasDemo: Bool
  ) throws(SettingsFailure) -> RouterSetup {
    let reader = layers(of: bytes)
    let setup = RouterSetup(settings: reader.settings, discover: discover, hasDemo: hasDemo)
    guard !reader.failure.isEmpty else { return setup }
    var failure = reader.failure
    failure.add(setup.mistakes)
    throw failure
  }

  /// A file that says nothing, as one that isn't written yet.
  static func isBlank(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
  }

  private func layers(of bytes: [UInt8]?) -> SettingsReader {
    var reader = SettingsReader()
    if let bytes, let path {
      if Self.isBlank(bytes), path != "/dev/null" {
        reader.warn("\(path) is empty: it sets nothing, and no keys of clients either")
      }
      do throws(DocumentError) {
        let document = try YAMLDocument.parse(bytes)
        reader.take(try VariableExpansion(environment: environment).expanded(document), path: path)
      } catch {
        reader.fail("\(path):\(error.line == nil ? " " : "")\(error)")
      }
    }
    EnvironmentSettings.take(environment, into: &reader)
    for key in SettingTable.keys {
      if let texts = flags[key.path] { reader.take(texts, of: key, .flag(key.flag)) }
    }
    return reader
  }

  /// The environment of this process.
  static var processEnvironment: [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let pointer = entry.pointee {
      let text = String(cString: pointer)
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return variables
  }
}
