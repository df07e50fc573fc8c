import Testing

@testable import OAIRProxy

struct ResponseOwnersTests {
  private typealias Owner = ResponseOwners.Owner

  private func id(_ number: Int) -> [UInt8] { Array("resp_\(number)".utf8) }

  private func find(_ owners: inout ResponseOwners, _ number: Int) -> Owner? {
    id(number).withUnsafeBytes { owners.owner(of: $0) }
  }

  @Test func `who has made a response is remembered, and the newest word counts`() {
    var owners = ResponseOwners()
    #expect(find(&owners, 1) == nil)
    owners.learn(id(1), Owner(slot: 3, incarnation: 7))
    owners.learn(id(2), Owner(slot: 4, incarnation: 8))
    #expect(find(&owners, 1) == Owner(slot: 3, incarnation: 7))
    owners.learn(id(1), Owner(slot: 5, incarnation: 9))
    #expect(find(&owners, 1) == Owner(slot: 5, incarnation: 9))
    #expect(owners.count == 2)
  }

  @Test func `when it is full, what was asked for lately stays`() {
    var owners = ResponseOwners()
    let capacity = ResponseOwners.capacity
    for number in 0..<capacity { owners.learn(id(number), Owner(slot: number, incarnation: 1)) }
    #expect(find(&owners, 0) != nil)
    for number in 0..<(capacity / 2) {
      owners.learn(id(capacity + number), Owner(slot: 1, incarnation: 2))
    }
    #expect(owners.count == capacity)
    #expect(find(&owners, 0) == Owner(slot: 0, incarnation: 1))
    #expect(find(&owners, 1) == nil)
    #expect(find(&owners, capacity - 1) != nil)
    #expect(find(&owners, capacity) != nil)
  }

  @Test func `ids that are too long, or none, aren't learned`() {
    var owners = ResponseOwners()
    owners.learn([], Owner(slot: 0, incarnation: 0))
    owners.learn(
      Array(repeating: 0x61, count: ResponseOwners.idLimit + 1),
      Owner(slot: 0, incarnation: 0)
    )
    #expect(owners.count == 0)
  }
}
