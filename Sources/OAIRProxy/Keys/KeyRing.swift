import OAIRRouting

// All keys of a router, as one configuration has them: used on the reactor's thread only.
// `KeyAccounts` has what each is doing.
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
    /// Its number in access records, and among the accounts.
    let number: Int
    let bounds: KeyAccounts.Bounds
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

  private static let shownWords = ClientKey.longest / 8

  // SAFETY: both blocks are allocated in init, initialised there, and freed in deinit.
  private let secrets: UnsafeMutablePointer<UInt64>
  private let shown: UnsafeMutablePointer<UInt64>
  private let keys: [Key]

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
          number: key.number > 0 ? key.number : list.count + 1,
          bounds: KeyAccounts.Bounds(
            interval: key.requestsPerMinute > 0
              ? KeyAccounts.minute / UInt64(key.requestsPerMinute) : 0,
            concurrent: key.concurrent
          )
        )
      )
      start += (length + 7) / 8
    }
    keys = list
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
  /// - Returns: the key's place in this ring, counted from 1; 0 for what is no key.
  @inline(never)  // A test counts its instructions.
  func find(_ bytes: UnsafeRawBufferPointer) -> Int {
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
  ///   - place: from `find`, at least 1.
  ///   - model: the name as the request has it.
  func allows(_ place: Int, model: UnsafeRawBufferPointer) -> Bool {
    let key = keys[place - 1]
    return key.allowsAll || key.patterns.contains { $0.matches(model) }
  }

  /// Whether a key may ask for every model.
  func allowsAll(_ place: Int) -> Bool { keys[place - 1].allowsAll }

  /// The key's number, from 1: the same in every ring of a router that has it.
  func number(_ place: Int) -> Int { keys[place - 1].number }

  /// What the key may do.
  func bounds(_ place: Int) -> KeyAccounts.Bounds { keys[place - 1].bounds }
}
