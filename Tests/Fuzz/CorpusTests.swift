import Glibc
import Testing

/// Every input of the corpora, and with it every input that once broke a property, holds them.
@Suite(.serialized) struct CorpusTests {
  static var targets: [FuzzTarget] {
    HTTP1Targets.all + WireTargets.all + DiscoveryTargets.all
  }

  @Test(arguments: targets.map(\.name))
  func `every input of a corpus holds the properties`(_ name: String) throws {
    let memory = GuardedCopy()
    let target = try #require(Self.targets.first { $0.name == name })
    let inputs = try Corpus(name).inputs()
    #expect(!inputs.isEmpty)
    for input in inputs {
      // Also with the bytes that choose cuts taking some other values.
      for cut in [nil, 5, 129] as [UInt8?] {
        var bytes = input.bytes
        if let cut, bytes.count > 2 { bytes[name == "chunked" ? 0 : 1] = cut }
        bytes.withUnsafeBytes { target.check($0, memory) }
      }
    }
  }

  @Test func `what does not hold is told`() {
    withKnownIssue { require(false, "this one") }
    require(true, "that one")
  }

  @Test func `memory ends where it says`() {
    let memory = GuardedCopy()
    let found = memory.with([1, 2, 3]) { Array($0) }
    #expect(found == [1, 2, 3])
  }
}
