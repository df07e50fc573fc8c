import Testing

@testable import OAIRSys

@Suite struct FreePagesTests {
  @Test func `only whole pages go`() {
    let size = FreePages.size
    #expect(FreePages.wholePages(from: 0, to: size) == 0..<size)
    #expect(FreePages.wholePages(from: 1, to: 2 * size) == size..<2 * size)
    #expect(FreePages.wholePages(from: size, to: 3 * size - 1) == size..<2 * size)
    #expect(FreePages.wholePages(from: 1, to: 2 * size - 1).isEmpty)
    #expect(FreePages.wholePages(from: size, to: size).isEmpty)
    #expect(FreePages.wholePages(from: 5, to: 9).isEmpty)
  }

  @Test func `what is beside them stays`() {
    let count = Int(FreePages.size)
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    defer { numbers.deallocate() }
    numbers.initialize(repeating: 7, count: count)
    // The first and the last hundred are in use.
    FreePages.release(numbers + 100, count: count - 200)
    #expect((0..<100).allSatisfy { numbers[$0] == 7 })
    #expect((count - 100..<count).allSatisfy { numbers[$0] == 7 })
    #expect(numbers[count / 2] == 0)
  }
}
