import OAIRHTTP1
import Testing

struct ByteRangeTests {
  @Test func `a range knows its bounds, its count and whether it is empty`() {
    let range = ByteRange(3, 8)
    #expect(range.start == 3)
    #expect(range.end == 8)
    #expect(range.count == 5)
    #expect(range.range == 3..<8)
    #expect(!range.isEmpty)
    #expect(ByteRange(7, 7).isEmpty)
    #expect(ByteRange(0, Int(UInt32.max)).count == Int(UInt32.max))
  }

  @Test func `a range that ends before it starts is a programmer's error`() async {
    await #expect(processExitsWith: .failure) { _ = ByteRange(5, 4) }
  }
}
