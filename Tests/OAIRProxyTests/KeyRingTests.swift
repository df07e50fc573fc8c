import Testing

@testable import OAIRProxy

struct KeyRingTests {
  private static let secret = "sk-0123456789abcdef0123456789abcdef"

  private func find(_ ring: borrowing KeyRing, _ text: String) -> Int {
    var text = text
    return text.withUTF8 { ring.find(UnsafeRawBufferPointer($0)) }
  }

  private func allows(_ ring: borrowing KeyRing, _ number: Int, _ model: String) -> Bool {
    Array(model.utf8).withUnsafeBytes { ring.allows(number, model: $0) }
  }

  @Test func `each key is found by all of its bytes and nothing else is`() {
    let secrets = (0..<40).map { Self.secret + String(repeating: "x", count: $0) + "\($0)" }
    let ring = KeyRing(secrets.enumerated().map { ClientKey(id: "k\($0)", secret: $1) })
    for (number, secret) in secrets.enumerated() {
      let found1 = find(ring, secret)
      #expect(found1 == number + 1)
      for position in 0..<secret.utf8.count {
        var bytes = Array(secret.utf8)
        bytes[position] ^= 1
        let found2 = find(ring, String(decoding: bytes, as: UTF8.self))
        #expect(found2 == 0)
      }
      let found3 = find(ring, secret + "\0")
      #expect(found3 == 0)
      let found4 = find(ring, String(secret.dropLast()))
      #expect(found4 == 0)
    }
    let found5 = find(ring, "")
    #expect(found5 == 0)
    let found6 = find(ring, String(repeating: "a", count: ClientKey.longest))
    #expect(found6 == 0)
    let found7 = find(ring, String(repeating: "a", count: ClientKey.longest + 1))
    #expect(found7 == 0)
  }

  @Test func `what was shown before leaves nothing behind`() {
    let ring = KeyRing([ClientKey(id: "a", secret: Self.secret)])
    let found8 = find(ring, Self.secret)
    #expect(found8 == 1)
    // Shorter, and the words behind it are those of the call before.
    let found9 = find(ring, String(Self.secret.prefix(8)))
    #expect(found9 == 0)
  }

  @Test func `models go by name, by prefix and without latest`() {
    let models = ["llama3.2", "qwen-*", "big:latest"]
    let ring = KeyRing([
      ClientKey(id: "a", secret: Self.secret, models: models),
      ClientKey(id: "b", secret: Self.secret + "b", models: ["x", "*"]),
    ])
    for model in ["llama3.2", "qwen-", "qwen-7b", "big"] {
      let isAllowed = allows(ring, 1, model)
      #expect(isAllowed, "\(model)")
    }
    for model in ["llama3.25", "llama3", "qwen", "Llama3.2", ""] {
      let isAllowed = allows(ring, 1, model)
      #expect(!isAllowed, "\(model)")
    }
    let allowed = (ring.allowsAll(1), ring.allowsAll(2))
    let takesAll = allows(ring, 2, "anything")
    #expect(takesAll && allowed == (false, true))
  }

  @Test func `a key has its number wherever it stands`() {
    var keys = [
      ClientKey(id: "a", secret: Self.secret), ClientKey(id: "b", secret: "b" + Self.secret),
    ]
    keys[0].number = 7
    keys[1].number = 3
    let ring = KeyRing(keys)
    let places = (find(ring, Self.secret), find(ring, "b" + Self.secret))
    #expect(places == (1, 2))
    let numbers = (ring.number(1), ring.number(2))
    #expect(numbers == (7, 3))
  }
}
