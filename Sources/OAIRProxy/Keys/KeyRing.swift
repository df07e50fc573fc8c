import OAIRRouting

// All keys of a router, and what each is doing: owned by the reactor, on its thread.
//
// Secrets lie one after the other, each filled up with zeros to whole words of eight bytes. What is
// shown is laid into such words as well, and compared with every key, word by word to the key's
// end: how long that takes depends on the keys that there are and on nothing that is shown. Only
// the length of what is shown can be told from the time that it takes to lay it out.

/// The keys that clients may show.
struct KeyRing: ~Copyable {
  /// A key without its secret.
  private struct Key {
    let start: Int
    let words: Int
    let length: Int
    let patterns: [Pattern]
    let allowsAll: Bool
    /// Nanoseconds that one request takes of a minute; 0 without a bound.
    let interval: UInt64
    let concurrent: Int
  }

  /// Models that a key allows.
  private struct Pattern {
    let name: [UInt8]
    let isPrefix: Bool

    func matches(_ model: UnsafeRawBufferPointer) -> Bool {
      if isPrefix { return model.count >= name.count && zip(name, model).allSatisfy { $0 == $1 } }
      return model.count == name.count && name.elementsEqual(model)
    }
  }

  /// What one key is doing.
  private struct Account {
    /// When a request could come so that the key's bound would just be kept (the "theoretical
    /// arrival time" of the leaky bucket, ITU-T I.371).
    var next: UInt64 = 0
    var running = 0
  }

  private static let minute: UInt64 = 60_000_000_000
  private static let shownWords = ClientKey.longest / 8

  // SAFETY: both blocks are allocated in init, initialised there, and freed in deinit.
  private let secrets: UnsafeMutablePointer<UInt64>
  private let shown: UnsafeMutablePointer<UInt64>
  private let keys: [Key]
  private var accounts: [Account]

  /// Takes keys that have no `problem`.
  init(_ clientKeys: [ClientKey]) {
    var list: [Key] = []
    var start = 0
    for key in clientKeys {
      let length = key.secret.utf8.count
      list.append(
        Key(
          start: start,
          words: (length + 7) / 8,
          length: length,
          patterns: key.models.map(Self.pattern),
          allowsAll: key.models.contains("*"),
          interval: key.requestsPerMinute > 0
            ? Self.minute / UInt64(key.requestsPerMinute) : 0,
          concurrent: key.concurrent
        )
      )
      start += (length + 7) / 8
    }
    keys = list
    accounts = Array(repeating: Account(), count: list.count)
    secrets = Self.aligned(max(start, 1))
    secrets.initialize(repeating: 0, count: max(start, 1))
    shown = Self.aligned(Self.shownWords)
    shown.initialize(repeating: 0, count: Self.shownWords)
    for (key, entry) in zip(clientKeys, list) {
      let bytes = UnsafeMutableRawPointer(secrets + entry.start)
      for (offset, byte) in key.secret.utf8.enumerated() {
        bytes.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
      }
    }
  }

  deinit {
    UnsafeMutableRawPointer(secrets).deallocate()
    UnsafeMutableRawPointer(shown).deallocate()
  }

  /// Words whose place changes nothing about how they are cleared and compared.
  private static func aligned(_ words: Int) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer.allocate(byteCount: words * 8, alignment: 64)
      .bindMemory(to: UInt64.self, capacity: words)
  }

  private static func pattern(_ text: String) -> Pattern {
    let isPrefix = text.hasSuffix("*")
    let name = isPrefix ? String(text.dropLast()) : ModelName.canonical(text)
    return Pattern(name: Array(name.utf8), isPrefix: isPrefix)
  }

  /// Nobody needs a key.
  var isEmpty: Bool { keys.isEmpty }

  /// Finds the key that is shown.
  ///
  /// - Parameter bytes: what the client has shown, whatever it is.
  /// - Returns: the key's number, counted from 1; 0 for what is no key.
  @inline(never)  // A test counts its instructions.
  mutating func find(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard bytes.count <= ClientKey.longest else { return 0 }
    shown.update(repeating: 0, count: Self.shownWords)
    UnsafeMutableRawBufferPointer(start: shown, count: ClientKey.longest).copyMemory(from: bytes)
    var found: UInt64 = 0
    var number: UInt64 = 0
    for key in keys {
      number &+= 1
      var difference = UInt64(truncatingIfNeeded: key.length ^ bytes.count)
      for index in 0..<key.words { difference |= secrets[key.start + index] ^ shown[index] }
      // All ones when nothing differs, else zero: no branch that a clock could see.
      let mask = ((difference | (0 &- difference)) >> 63) &- 1
      found |= number & mask
    }
    return Int(truncatingIfNeeded: found)
  }

  /// Whether a key may ask for a model.
  ///
  /// - Parameters:
  ///   - number: from `find`, at least 1.
  ///   - model: the name as the request has it.
  func allows(_ number: Int, model: UnsafeRawBufferPointer) -> Bool {
    let key = keys[number - 1]
    return key.allowsAll || key.patterns.contains { $0.matches(model) }
  }

  /// Whether a key may ask for every model.
  func allowsAll(_ number: Int) -> Bool { keys[number - 1].allowsAll }

  /// Why a key's request can't be taken now.
  enum Refusal: Equatable {
    /// Too many requests in the last minute; the next one may come after so many seconds.
    case rate(seconds: Int, perMinute: Int)
    /// Too many at one time.
    case concurrent(Int)
  }

  /// Counts a request in, which must be counted out by `end` when it is over.
  ///
  /// - Returns: nil when it is taken.
  mutating func begin(_ number: Int, at now: UInt64) -> Refusal? {
    let key = keys[number - 1]
    if key.concurrent > 0, accounts[number - 1].running >= key.concurrent {
      return .concurrent(key.concurrent)
    }
    if key.interval > 0 {
      let next = max(accounts[number - 1].next, now)
      let latest = now &+ Self.minute &- key.interval
      if next > latest {
        let seconds = (next - latest + 999_999_999) / 1_000_000_000
        return .rate(
          seconds: Int(truncatingIfNeeded: seconds),
          perMinute: Int(truncatingIfNeeded: Self.minute / key.interval)
        )
      }
      accounts[number - 1].next = next + key.interval
    }
    accounts[number - 1].running += 1
    return nil
  }

  /// A request that was counted in is over.
  mutating func end(_ number: Int) {
    precondition(accounts[number - 1].running > 0, "more requests of a key ended than began")
    accounts[number - 1].running -= 1
  }
}
