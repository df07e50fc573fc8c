import Testing

@testable import OAIRAdmin

struct AdminKeyTests {
  @Test(arguments: ["", "short", "0123456789abcde", "0123456789abcde f", "0123456789abcdeü"])
  func `what can't be a key isn't one`(text: String) {
    #expect(AdminKey(text) == nil)
  }

  @Test func `its bounds are those that are told`() {
    #expect(AdminKey(String(repeating: "k", count: AdminKey.shortest)) != nil)
    #expect(AdminKey(String(repeating: "k", count: AdminKey.longest)) != nil)
    #expect(AdminKey(String(repeating: "k", count: AdminKey.longest + 1)) == nil)
  }

  @Test func `a key that holds the right one, or is held by it, isn't it`() throws {
    let key = try #require(AdminKey("0123456789abcdef"))
    func shows(_ value: String) -> Bool {
      Array(value.utf8).withUnsafeBytes { key.isShown(by: $0) }
    }
    #expect(shows("Bearer 0123456789abcdef"))
    #expect(!shows("Bearer 0123456789abcdef0123456789abcdef"))
    #expect(!shows("Bearer 0123456789abcde"))
    #expect(!shows("Bearer"))
  }
}
