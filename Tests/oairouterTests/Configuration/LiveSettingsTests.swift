import Glibc
import OAIRouter
import Testing

@testable import oairouter

/// Whether a key is live is said in the table, and done by `RouterOptions.adopting`: both are
/// compared, key by key.
struct LiveSettingsTests {
  /// Other values of keys whose forms don't tell one.
  private static let others: [String: String] = [
    "listen": "[127.0.0.1:1]",
    "spin": "7us",
    "backends": "[{url: http://10.0.0.1:1}]",
    "discovery.docker.image_rules": "[{image: x, type: vllm, port: 1}]",
    "discovery.docker.allow": "[10.0.0.0/8]",
    "discovery.docker.host": "unix:///run/x.sock",
    "discovery.dns": "[{name: x}]",
    "aliases": "{a: b}",
    "fallbacks": "{a: [b]}",
    "keys": "[{id: a, key: 0123456789abcdef0}]",
    "cors.origins": "[https://a]",
    "allowed_hosts": "[a]",
  ]

  private static let built = SettingTable.keys.filter { $0.unbuilt == nil }

  private static func other(_ form: SettingForm, than standard: SettingValue) -> String {
    let candidates: [String]
    switch form {
    case .boolean: candidates = ["true", "false"]
    case .toggle: candidates = ["on", "off"]
    case .integer(let range): candidates = ["\(range.lowerBound)", "\(range.lowerBound + 1)"]
    case .size(let range): candidates = ["\(range.lowerBound)B", "\(range.upperBound)B"]
    case .duration: candidates = ["7s", "8s"]
    case .word(let words): candidates = words
    case .wordOr(let words, _): candidates = words
    case .optional(let form): return other(form, than: standard)
    default: candidates = ["x"]
    }
    return candidates.first { text in
      (try? form.read(YAMLDocument.parse(Array(text.utf8)), "x")) != standard
    } ?? "none"
  }

  /// A file with a key in it, which the caller removes.
  private static func keyFile() throws -> String {
    var path = Array("/tmp/oairouter-key-XXXXXX".utf8CString)
    let descriptor = mkstemp(&path)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let key = Array("0123456789abcdef0123456789abcdef".utf8)
    #expect(write(descriptor, key, key.count) == key.count)
    return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func options(_ said: [String: String]) throws -> RouterOptions {
    let source = ConfigurationSource(
      file: nil,
      flags: said.mapValues { [$0] },
      environment: [:]
    )
    return try RouterSetup(settings: try source.settings(of: nil)).reloadable()
  }

  @Test(arguments: built.map(\.path))
  func `a running router takes over what the table calls live, and nothing else`(
    path: String
  ) throws {
    let key = try #require(SettingTable.key(path))
    // Its level is turned by the reload itself.
    if path == "log.level" { return }
    // A field's name says nothing as long as sessions don't matter.
    let base = path == "session_affinity.header" ? ["session_affinity.enabled": "true"] : [:]
    var said = base
    let keyFile = try Self.keyFile()
    defer { unlink(keyFile) }
    said[path] =
      path == "limits.connections"
      ? "9"
      : path == "admin_key_file"
        ? keyFile : Self.others[path] ?? Self.other(key.form, than: key.standard)
    let changes = try !options(base).isSame(live: options(said))
    #expect(changes == key.isLive, "\(path): \(said[path] ?? "")")
  }

  @Test
  func `the manual says of each setting when it takes effect`() throws {
    let manual = String(decoding: try ExampleFileTests.bytes("OPERATIONS.md"), as: UTF8.self)
    for key in SettingTable.keys {
      let section = key.path.prefix { $0 != "." } + ".*"
      let rows = ["at once", "with the next start"].filter { when in
        let row = manual.split(separator: "\n").first { $0.hasPrefix("| \(when) |") } ?? ""
        return row.contains("`\(key.path)`") || row.contains("`\(section)`")
      }
      #expect(rows == [key.isLive ? "at once" : "with the next start"], "\(key.path)")
    }
  }

  @Test
  func `differences are named in the table's order`() throws {
    let source = ConfigurationSource(file: "f", flags: [:], environment: [:])
    let before = try source.settings(of: Array("queue: {max: 3}\nlisten: [127.0.0.1:1]".utf8))
    let after = try source.settings(
      of: Array("listen: [127.0.0.1:2]\naliases: {a: b}\nqueue: {max: 3}".utf8)
    )
    #expect(after.differences(from: before).map(\.path) == ["listen", "aliases"])
    #expect(after.differences(from: before).map(\.isLive) == [false, true])
    // Said or not: the value counts.
    let standard = try source.settings(of: Array("queue: {max: 256}".utf8))
    #expect(standard.differences(from: Settings()).isEmpty)
    let secret = try source.settings(
      of: Array("keys: [{id: a, key: \"0123456789abcdef\"}]".utf8)
    )
    let rotated = try source.settings(
      of: Array("keys: [{id: a, key: \"0123456789abcdeg\"}]".utf8)
    )
    #expect(rotated.differences(from: secret).map(\.path) == ["keys"])
  }
}
