/// A scan that goes on over a body of which nothing is kept: it is shown piece after piece.
///
/// What a scan needs of earlier pieces, such as the beginning of a name that a cut goes through, is
/// kept by a `PieceSeam`, and lies before the new piece's beginning when it is shown.
package protocol PieceScanner: ~Copyable {
  /// Whether nothing more is to be scanned.
  var isBroken: Bool { get }
  /// Where in the body the model's name stands.
  var modelRange: Range<Int>? { get }

  /// Goes on over a body that is kept, shown from its beginning each time.
  mutating func scan(_ body: UnsafeRawBufferPointer, isComplete: Bool)

  /// Of a body, all of which was scanned so far, nothing is shown again: what is still to be
  /// compared with is kept.
  mutating func beginPieces(_ body: UnsafeRawBufferPointer)

  /// Goes on to the end of what is shown.
  mutating func take(_ window: UnsafeRawBufferPointer)

  /// Lets go of what doesn't matter.
  ///
  /// - Parameter window: what was shown last, and all of it was taken.
  /// - Returns: where in it what is still needed begins.
  mutating func settle(_ window: UnsafeRawBufferPointer) -> Int

  /// Offsets are counted from so many bytes further on.
  mutating func shift(by count: Int)

  /// The last piece was shown, of a body of so many bytes.
  mutating func endPieces(at count: Int)
}

/// What a scan needs of the pieces of a body that have passed.
///
/// LIMIT: a part's head or a model's name in its longest spelling, and `step` bytes.
package struct PieceSeam {
  /// So many bytes of a piece, in turn, are looked at together with what was kept.
  package static let step = 256

  private var kept: [UInt8] = []

  /// How much is kept, in bytes.
  var keptCount: Int { kept.count }

  /// A seam of which nothing has come yet.
  package init() {}

  /// What has come so far, all of it scanned, isn't shown again.
  package mutating func begin<Scanner: PieceScanner & ~Copyable>(
    behind body: UnsafeRawBufferPointer,
    _ scanner: inout Scanner
  ) {
    scanner.beginPieces(body)
    keep(body, &scanner)
  }

  /// Shows a piece to the scan.
  ///
  /// Each byte of it is scanned once, and few are copied: those beside what was kept.
  package mutating func show<Scanner: PieceScanner & ~Copyable>(
    _ piece: UnsafeRawBufferPointer,
    to scanner: inout Scanner
  ) {
    guard kept.isEmpty || passSeam(piece, &scanner) else { return }
    scanner.take(piece)
    guard !scanner.isBroken else { return }
    keep(piece, &scanner)
  }

  /// Takes so much of a piece together with what was kept that the latter is needed no more.
  ///
  /// - Returns: false when it still is and the piece has no more bytes, or when something is wrong.
  private mutating func passSeam<Scanner: PieceScanner & ~Copyable>(
    _ piece: UnsafeRawBufferPointer,
    _ scanner: inout Scanner
  ) -> Bool {
    let length = kept.count
    var taken = 0
    var needed = 0
    repeat {
      guard taken < piece.count else {
        kept.removeFirst(needed)
        scanner.shift(by: needed)
        return false
      }
      let end = min(piece.count, taken + Self.step)
      kept.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[taken..<end]))
      taken = end
      kept.withUnsafeBytes { scanner.take($0) }
      if scanner.isBroken { return false }
      needed = kept.withUnsafeBytes { scanner.settle($0) }
    } while needed < length
    kept.removeAll(keepingCapacity: true)
    scanner.shift(by: length)
    return true
  }

  private mutating func keep<Scanner: PieceScanner & ~Copyable>(
    _ window: UnsafeRawBufferPointer,
    _ scanner: inout Scanner
  ) {
    let needed = scanner.settle(window)
    kept.append(contentsOf: UnsafeRawBufferPointer(rebasing: window[needed...]))
    scanner.shift(by: needed)
  }
}
