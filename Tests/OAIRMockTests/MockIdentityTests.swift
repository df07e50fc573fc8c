import Testing

@testable import OAIRMock

struct MockIdentityTests {
  @Test
  func `constant ids are the same each time`() {
    var identity = MockIdentity(isReproducible: true, seed: 1)
    #expect(identity.letters(12) == "0123456789ab")
    #expect(identity.letters(12) == "0123456789ab")
    #expect(identity.hexadecimal(18) == "0123456789abcdef01")
    #expect(identity.seconds == 1_700_000_000)
  }

  @Test
  func `other ids differ, and depend on the seed`() {
    var identity = MockIdentity(isReproducible: false, seed: 1)
    let first = identity.letters(32)
    let second = identity.letters(32)
    #expect(first != second)
    #expect(first.count == 32)
    var again = MockIdentity(isReproducible: false, seed: 1)
    #expect(again.letters(32) == first)
    #expect(identity.hexadecimal(64).allSatisfy { $0.isHexDigit })
    #expect(identity.seconds > 1_700_000_000)
  }
}
