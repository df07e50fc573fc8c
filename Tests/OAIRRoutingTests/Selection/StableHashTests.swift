import OAIRRouting
import Testing

struct StableHashTests {
  private func hash(_ text: String) -> UInt64 {
    Array(text.utf8).withUnsafeBytes { StableHash.of($0) }
  }

  @Test func `hashes are the same for ever`() {
    // They decide who goes where: other numbers would move every session.
    #expect(hash("") == 0xf52a_15e9_a9b5_e89b)
    #expect(hash("gpu-1") == 0x77dc_0209_5c8b_b461)
    #expect(StableHash.mix(1) == 0x5692_161d_100b_05e5)
  }

  @Test func `short inputs that are alike spread over all bits`() {
    let hashes = (0..<4_096).map { hash("s\($0)") }
    #expect(Set(hashes).count == hashes.count && !hashes.contains(0))
    for bit in 0..<64 {
      let ones = hashes.count { $0 >> UInt64(bit) & 1 == 1 }
      // Expected 2,048; six deviations are 192.
      #expect(abs(ones - 2_048) < 192, "bit \(bit)")
    }
  }
}
