/// Which backend has made which stored response: they live where they were made.
///
/// Bounded; when it is full, one that wasn't asked for lately makes room (a clock's hand: the first
/// that wasn't used since the hand last passed). Plain memory of one reactor, taken when the first
/// response is learned. A copy, for a report, shares it until the next response is learned.
struct ResponseOwners: Sendable {
  /// LIMIT: responses that are remembered.
  static let capacity = 4096
  /// LIMIT: bytes of an id; longer ones aren't learned.
  static let idLimit = 128

  /// A backend, as long as it is registered.
  struct Owner: Equatable, Sendable {
    let slot: Int
    let incarnation: UInt64
  }

  private struct Entry: Sendable {
    let id: [UInt8]
    var owner: Owner
    var isUsed: Bool
  }

  private var entries: [Entry] = []
  private var numbers: [[UInt8]: Int] = [:]
  private var hand = 0

  /// How many are remembered.
  var count: Int { entries.count }

  /// Remembers who has made a response.
  mutating func learn(_ id: [UInt8], _ owner: Owner) {
    guard (1...Self.idLimit).contains(id.count) else { return }
    if let number = numbers[id] {
      entries[number].owner = owner
      return
    }
    let entry = Entry(id: id, owner: owner, isUsed: false)
    if entries.count < Self.capacity {
      numbers[id] = entries.count
      entries.append(entry)
      return
    }
    while entries[hand].isUsed {
      entries[hand].isUsed = false
      hand = (hand + 1) % Self.capacity
    }
    numbers[entries[hand].id] = nil
    entries[hand] = entry
    numbers[id] = hand
    hand = (hand + 1) % Self.capacity
  }

  /// Who has made a response; nil when nobody is known to have.
  mutating func owner(of id: UnsafeRawBufferPointer) -> Owner? {
    guard (1...Self.idLimit).contains(id.count), !entries.isEmpty,
      let number = numbers[Array(id)]
    else { return nil }
    entries[number].isUsed = true
    return entries[number].owner
  }
}
