import ArgumentParser
import Testing

@testable import oairouter

/// Whatever is read by the quick way means what it means to the library.
@Suite struct PlainServeTests {
  private struct Random: RandomNumberGenerator {
    var state: UInt64 = 7

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  /// What belongs together, and single words that fall between.
  private static let pieces: [[String]] = [
    ["--listen", "127.0.0.1:0"], ["--listen=127.0.0.1:1"], ["--workers", "2"], ["--workers=3"],
    ["--queue.max", "3"], ["--config", "e.yaml"], ["--config=f.yaml"], ["--discover", "off"],
    ["--discover=ports"], ["--demo"], ["--log.access", "false"], ["--log.access=true"],
    ["--backend", "a=http://h:1"], ["--config"], ["--discover"], ["--workers"], ["--log.access"],
    ["off"], ["--"], ["--help"], ["-1"],
  ]

  @Test func `lines of words in any order`() throws {
    var random = Random()
    var taken = 0
    for _ in 0..<60 {
      let length = Int.random(in: 0...4, using: &random)
      let line = (0..<length).flatMap { _ in Self.pieces.randomElement(using: &random) ?? [] }
      guard let plain = PlainServe.serving(line) else { continue }
      taken += 1
      guard
        let whole = try? Serve.parseAsRoot(SettingFlag.separatingValues(in: line)) as? Serve
      else {
        Issue.record("the library refuses \(line)")
        continue
      }
      #expect(plain.source.flags == SettingFlag.all(in: whole), "\(line)")
      #expect(plain.source.path == whole.file.config, "\(line)")
      #expect(plain.discover == whole.discover.discover, "\(line)")
      #expect(plain.hasDemo == whole.demonstration.demo, "\(line)")
    }
    #expect(taken > 10 && taken < 50)
  }

  @Test func `whatever isn't a setting is known here, too`() {
    func labels(_ command: Any) -> Set<String> {
      Set(Mirror(reflecting: command).children.compactMap(\.label))
    }
    #expect(labels(Serve()).subtracting(["_flags"]) == labels(PlainServe()))
  }

  @Test(arguments: [
    ["--help"], ["-h"], ["--version"], ["--config"], ["--nonsense"], ["--nonsense", "a"],
    ["--Listen", "a"], ["--lis", "a"], ["--discover", "nowhere"], ["word"], ["--demo=maybe"],
    ["--generate-completion-script", "bash"], ["---completion", "serve"], ["-x"], [""],
  ])
  func `what is wrong, or isn't about serving, is left to the library`(words: [String]) {
    #expect(PlainServe.serving(words) == nil)
    #expect(PlainServe.serving(["--listen", "127.0.0.1:0"] + words) == nil)
    #expect(PlainServe.serving(words + ["--listen", "127.0.0.1:0"]) == nil)
  }

  @Test func `the other words of serve are heard`() throws {
    let serving = try #require(
      PlainServe.serving([
        "--workers", "2", "--config", "/a", "--discover", "off", "--workers=3", "--demo",
      ])
    )
    #expect(serving.hasDemo)
    #expect(serving.source.path == "/a")
    #expect(serving.discover == [.off])
    #expect(serving.source.flags == ["workers": ["3"]])
  }
}
