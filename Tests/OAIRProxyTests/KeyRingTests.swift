import Testing

@testable import OAIRProxy

struct KeyRingTests {
  private static let second: UInt64 = 1_000_000_000
  private static let secret = "sk-0123456789abcdef0123456789abcdef"

  private func find(_ ring: inout KeyRing, _ text: String) -> Int {
    var text = text
    return text.withUTF8 { ring.find(UnsafeRawBufferPointer($0)) }
  }

  private func allows(_ ring: borrowing KeyRing, _ number: Int, _ model: String) -> Bool {
    Array(model.utf8).withUnsafeBytes { ring.allows(number, model: $0) }
  }

  @Test func `each key is found by all of its bytes and nothing else is`() {
    let secrets = (0..<40).map { Self.secret + String(repeating: "x", count: $0) + "\($0)" }
    var ring = KeyRing(secrets.enumerated().map { ClientKey(id: "k\($0)", secret: $1) })
    for (number, secret) in secrets.enumerated() {
      let found1 = find(&ring, secret)
      #expect(found1 == number + 1)
      for position in 0..<secret.utf8.count {
        var bytes = Array(secret.utf8)
        bytes[position] ^= 1
        let found2 = find(&ring, String(decoding: bytes, as: UTF8.self))
        #expect(found2 == 0)
      }
      let found3 = find(&ring, secret + "\0")
      #expect(found3 == 0)
      let found4 = find(&ring, String(secret.dropLast()))
      #expect(found4 == 0)
    }
    let found5 = find(&ring, "")
    #expect(found5 == 0)
    let found6 = find(&ring, String(repeating: "a", count: ClientKey.longest))
    #expect(found6 == 0)
    let found7 = find(&ring, String(repeating: "a", count: ClientKey.longest + 1))
    #expect(found7 == 0)
  }

  @Test func `what was shown before leaves nothing behind`() {
    var ring = KeyRing([ClientKey(id: "a", secret: Self.secret)])
    let found8 = find(&ring, Self.secret)
    #expect(found8 == 1)
    // Shorter, and the words behind it are those of the call before.
    let found9 = find(&ring, String(Self.secret.prefix(8)))
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

  @Test func `a minute's requests may come at once and then one by one`() {
    let key = ClientKey(id: "a", secret: Self.secret, requestsPerMinute: 6)
    var ring = KeyRing([key])
    let start = 100 * Self.second
    for _ in 0..<6 {
      let found10 = ring.begin(1, at: start)
      #expect(found10 == nil)
    }
    let found11 = ring.begin(1, at: start)
    #expect(found11 == .rate(seconds: 10, perMinute: 6))
    let found12 = ring.begin(1, at: start + 9 * Self.second)
    #expect(found12 == .rate(seconds: 1, perMinute: 6))
    let found13 = ring.begin(1, at: start + 10 * Self.second)
    #expect(found13 == nil)
    let found14 = ring.begin(1, at: start + 10 * Self.second)
    #expect(found14 != nil)
    // After a quiet minute all of them are there again.
    for _ in 0..<6 {
      let found15 = ring.begin(1, at: start + 300 * Self.second)
      #expect(found15 == nil)
    }
    let found16 = ring.begin(1, at: start + 300 * Self.second)
    #expect(found16 != nil)
  }

  @Test func `an hour keeps the rate whatever the pace`() {
    var ring = KeyRing([ClientKey(id: "a", secret: Self.secret, requestsPerMinute: 90)])
    var taken = 0
    for step in 0..<36_000 where ring.begin(1, at: UInt64(step) * Self.second / 10) == nil {
      taken += 1
    }
    #expect((60 * 90...61 * 90).contains(taken))
  }

  @Test func `places are given back and refusals take none`() {
    let key = ClientKey(id: "a", secret: Self.secret, requestsPerMinute: 100, concurrent: 2)
    var ring = KeyRing([key, ClientKey(id: "b", secret: Self.secret + "b")])
    let found17 = ring.begin(1, at: 0)
    #expect(found17 == nil)
    let found18 = ring.begin(1, at: 0)
    #expect(found18 == nil)
    for _ in 0..<200 {
      let found19 = ring.begin(1, at: 0)
      #expect(found19 == .concurrent(2))
    }
    let found20 = ring.begin(2, at: 0)
    #expect(found20 == nil)
    ring.end(1)
    let found21 = ring.begin(1, at: 0)
    #expect(found21 == nil)
  }
}
