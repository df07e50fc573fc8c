import ArgumentParser
import Testing

@testable import oairouter

/// What is read without the library has to be what the library would have read.
@Suite struct PlainFlagsTests {
  private static let names: [String] = SettingTable.keys.flatMap(\.flagWords)

  /// What `Serve` reads from the same words.
  private static func expected(_ arguments: [String]) throws -> [String: [String]] {
    let serve = try #require(
      try Serve.parseAsRoot(SettingFlag.separatingValues(in: arguments)) as? Serve
    )
    return SettingFlag.all(in: serve)
  }

  /// All flags at once: each command line takes the library a tenth of a second in a debug build.
  @Test(
    arguments: [
      { [$0, "a"] }, { ["\($0)=a"] }, { ["\($0)=a=b"] }, { [$0, "{\"a b\":[1]}"] },
      { ["\($0)= -"] },
      { [$0, "a", "\($0)=b"] }, { ["--config", "c", "\($0)=a", $0, "b=c"] },
    ] as [@Sendable (String) -> [String]]
  )
  func `each flag says what it says to the library`(form: @Sendable (String) -> [String]) throws {
    let words = Self.names.flatMap(form)
    let plain = try #require(PlainFlags(words))
    let expected = try Self.expected(words)
    #expect(Set(plain.flags.keys) == Set(SettingTable.keys.map(\.path)))
    for (path, texts) in plain.flags { #expect(texts == expected[path], "\(path)") }
  }

  @Test(arguments: names)
  func `what isn't plain is left to the library`(name: String) {
    for words in [
      [name], [name, "--demo"], [name, "-1"], ["--demo", name], [name, "a", "--"],
      ["--", name, "a"], [name, ""], ["\(name)="], ["\(name)=-1"],
      ["--config", name, "a", "b"], ["--discover", "\(name)=a", "off"],
    ] { #expect(PlainFlags(words) == nil, "\(words)") }
  }
}
