import FoundationEssentials
import OAIRouter
import Testing

@testable import oairouter

/// docs/oairouter.example.yaml and docs/oairouter.schema.json against the table.
struct ExampleFileTests {
  static let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }

  static func bytes(_ name: String) throws -> [UInt8] {
    try #require(FileManager.default.contents(atPath: "\(root)/docs/\(name)").map { Array($0) })
  }

  private static func settings() throws -> Settings {
    let source = ConfigurationSource(file: "example.yaml", flags: [:], environment: [:])
    return try source.settings(of: try bytes("oairouter.example.yaml"))
  }

  @Test(arguments: SettingTable.keys.map(\.path))
  func `has every key, with its default`(path: String) throws {
    let settings = try Self.settings()
    let key = try #require(SettingTable.key(path))
    #expect(settings.isSaid(path) || key.standard == .nothing, "\(path) is missing")
    if path != "backends" { #expect(settings.value(path) == key.standard) }
  }

  @Test
  func `has a backend with every key, and its defaults`() throws {
    let text = String(decoding: try Self.bytes("oairouter.example.yaml"), as: UTF8.self)
    guard case .record(_, let keys) = SettingRecord.backend else {
      Issue.record("a backend is a record")
      return
    }
    for key in keys { #expect(text.contains(" \(key.path): "), "\(key.path)") }
    let backends = try RouterSetup(settings: try Self.settings()).reloadable().backends
    #expect(backends == [try ConfiguredBackend(id: "gpu-1", url: "http://10.0.0.5:8000")])
  }

  @Test
  func `is a whole configuration`() throws {
    _ = try RouterSetup(settings: try Self.settings(), discover: [.off]).options()
  }

  @Test
  func `has no key that the table lacks in its comments' sections`() throws {
    // Whatever is said in the file is in the table, or reading it would fail.
    #expect(try Self.settings().differences(from: Settings()).map(\.path) == ["backends"])
  }

  @Test
  func `the schema's file is what the table makes`() throws {
    let text = String(decoding: try Self.bytes("oairouter.schema.json"), as: UTF8.self)
    #expect(
      text == ConfigurationSchema.text,
      "write it anew: oairouter check --schema > docs/oairouter.schema.json"
    )
  }
}
