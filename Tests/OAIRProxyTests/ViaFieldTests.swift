import Testing

@testable import OAIRProxy

struct ViaFieldTests {
  @Test(arguments: [
    ("", 0), ("1.1 oairoute", 0), ("1.1 nginx, 1.1 oairouter", 1),
    ("1.1 oairouter, 1.0 oairouter", 2), ("1.1 oairouter,1.1 a,1.1 oairouter,1.1 oairouter", 3),
  ])
  func `passages through this program are counted`(value: String, count: Int) {
    #expect(Array(value.utf8).withUnsafeBytes { ViaField.count($0) } == count)
  }
}
