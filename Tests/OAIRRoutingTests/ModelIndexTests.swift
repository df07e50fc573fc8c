import Testing

@testable import OAIRRouting

struct ModelIndexTests {
  private func find(_ name: [UInt8], in index: borrowing ModelIndex) -> Int? {
    name.withUnsafeBytes { index.find($0) }
  }

  @Test(arguments: [0, 1, 2, 3, 7, 64, 5000])
  func `every name is found at its number, and no other name is`(count: Int) {
    // Names of each length from 1 to 40, so that all tails of the eight-byte steps occur.
    let names = (0..<count).map { number in
      Array(("\(number)." + String(repeating: "x", count: number % 37)).utf8)
    }
    let index = ModelIndex(names)
    for (number, name) in names.enumerated() {
      #expect(find(name, in: index) == number)
      #expect(find(name + [0], in: index) == nil)
      #expect(find(Array(name.dropLast()) + [UInt8(ascii: "?")], in: index) == nil)
    }
    #expect(find([], in: index) == nil)
  }

  @Test func `the empty name can be a name`() {
    let index = ModelIndex([[], [1]])
    #expect(find([], in: index) == 0)
    #expect(find([1], in: index) == 1)
  }

  @Test func `hashes of similar names spread over both halves`() {
    var low: Set<UInt64> = []
    var high: Set<UInt64> = []
    let count = 4096
    for number in 0..<count {
      let hash = Array("model-\(number)".utf8).withUnsafeBytes { ModelIndex.hash($0) }
      low.insert(hash & 0xffff)
      high.insert(hash >> 48)
    }
    // 4096 random draws from 65536 leave 3970 different ones on average, deviation 11.
    #expect(low.count > 3900 && high.count > 3900)
  }
}
