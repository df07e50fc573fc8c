import Glibc

/// The last events of a run, in words once somebody asks: what a failing seed shows.
///
/// Noting costs a store. With `echoes` each event is also written to stderr at once, so that the
/// trail of a run that traps is there.
final class EventTrace {
  /// LIMIT: events that are remembered.
  static let capacity = 400

  private struct Entry {
    var time: UInt64
    var what: StaticString
    var first: Int
    var second: Int
    var text: String?
  }

  private var entries: [Entry] = []
  private var next = 0
  private let echoes: Bool

  init(echoes: Bool) {
    self.echoes = echoes
    entries.reserveCapacity(Self.capacity)
  }

  /// Remembers an event.
  ///
  /// - Parameters:
  ///   - what: words in which the first `#` stands for `first`, the second one for `second`.
  ///   - text: more words, where numbers don't do.
  func note(
    _ time: UInt64,
    _ what: StaticString,
    _ first: Int = 0,
    _ second: Int = 0,
    text: String? = nil
  ) {
    let entry = Entry(time: time, what: what, first: first, second: second, text: text)
    if echoes { Self.write(Self.line(entry) + "\n") }
    if entries.count < Self.capacity {
      entries.append(entry)
    } else {
      entries[next] = entry
      next = (next + 1) % Self.capacity
    }
  }

  /// The remembered events, oldest first.
  func lines() -> [String] {
    (entries[next...] + entries[..<next]).map(Self.line)
  }

  private static func line(_ entry: Entry) -> String {
    var numbers = [entry.first, entry.second]
    var words = ""
    for character in entry.what.description {
      if character == "#", !numbers.isEmpty {
        words += String(numbers.removeFirst())
      } else {
        words.append(character)
      }
    }
    let micro = entry.time / 1000
    let fraction = String(micro % 1_000_000)
    let zeros = String(repeating: "0", count: 6 - fraction.utf8.count)
    return "\(micro / 1_000_000).\(zeros)\(fraction)  \(words)\(entry.text.map { " " + $0 } ?? "")"
  }

  static func write(_ text: String) {
    var text = text
    text.withUTF8 { _ = Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
