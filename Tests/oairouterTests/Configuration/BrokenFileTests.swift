import FoundationEssentials
import Testing

@testable import oairouter

/// Each file of `Broken` can't be used, and the text beside it says what the user is told.
struct BrokenFileTests {
  private static let folder = ExampleFileTests.root + "/Tests/oairouterTests/Configuration/Broken"

  private static var names: [String] {
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder)
    return (files ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
  }

  @Test
  func `there are fifty of them at least`() { #expect(Self.names.count >= 50) }

  @Test(arguments: names)
  func `a broken file is refused with its message`(name: String) throws {
    let bytes = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(name)"))
    let golden = Self.folder + "/" + name.replacing(".yaml", with: ".txt")
    let wanted = try #require(FileManager.default.contents(atPath: golden))
    let source = ConfigurationSource(file: name, flags: [:], environment: [:])
    let failure = #expect(throws: SettingsFailure.self) {
      _ = try source.setup(of: Array(bytes), discover: [.off], hasDemo: false).options()
    }
    #expect("\(failure?.description ?? "")\n" == String(decoding: wanted, as: UTF8.self))
  }
}
