/// Scans that look at sixteen bytes per step, and never read a byte outside `from ..< end`.
///
/// The last bytes before `end` are looked at singly; a head is nearly always followed by enough
/// others (its empty line, a body) that this stays rare.
///
/// SAFETY, for all functions here: the caller guarantees that `from ..< end` lies within the
/// memory behind `base` and that `from <= end`. Loads are unaligned by intent.
enum ByteScan {
  @inline(__always)
  static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  static func halfWord(_ base: UnsafeRawPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  static func byte(_ base: UnsafeRawPointer, _ offset: Int) -> UInt8 {
    base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// The offset of the first byte that is not a `tchar` (RFC 9110 section 5.6.2), or `end`.
  @inline(__always)
  static func endOfToken(_ base: UnsafeRawPointer, _ from: Int, _ end: Int) -> Int {
    var index = from
    while true {
      index = firstUncommon(base, index, end)
      // Nearly always the colon or space that ends the token: spares the lookup.
      guard index < end, byte(base, index) != ByteClass.colon,
        ByteClass.isToken(byte(base, index))
      else { return index }
      index &+= 1
    }
  }

  /// The offset of the first byte that is not a letter, digit, `-` or `.`, or `end`.
  ///
  /// These are what field names and host names are made of; all of them are `tchar` and valid in
  /// a `reg-name`, so callers only need to judge what this stops at.
  @inline(__always)
  static func firstUncommon(_ base: UnsafeRawPointer, _ from: Int, _ end: Int) -> Int {
    var index = from
    while end &- index >= 16 {
      if let hit = firstHit(uncommon(block(base, index))) { return index &+ hit }
      index &+= 16
    }
    while index < end {
      let byte = byte(base, index)
      let isCommon =
        (byte | 0x20) &- 0x61 < 26 || ByteClass.isDigit(byte) || byte == 0x2D || byte == 0x2E
      guard isCommon else { return index }
      index &+= 1
    }
    return index
  }

  /// The offset of the first control byte other than HTAB, or `end`: where a field value ends
  /// (RFC 9110 section 5.5: VCHAR, obs-text, SP and HTAB are all it may hold).
  @inline(__always)
  static func firstControl(_ base: UnsafeRawPointer, _ from: Int, _ end: Int) -> Int {
    var index = from
    while end &- index >= 16 {
      if let hit = firstHit(control(block(base, index))) { return index &+ hit }
      index &+= 16
    }
    while index < end {
      if ByteClass.isControl(byte(base, index)) { return index }
      index &+= 1
    }
    return index
  }

  /// The offset of the first byte that is not visible ASCII, or is `?` or `#`, or `end`.
  @inline(__always)
  static func endOfTargetPart(_ base: UnsafeRawPointer, _ from: Int, _ end: Int) -> Int {
    var index = from
    while end &- index >= 16 {
      if let hit = firstHit(notInTarget(block(base, index))) { return index &+ hit }
      index &+= 16
    }
    while index < end {
      let byte = byte(base, index)
      guard byte > 0x20 && byte < 0x7F && byte != 0x3F && byte != 0x23 else { return index }
      index &+= 1
    }
    return index
  }

  /// Where a run of SP and HTAB ends that begins at `from`, at most at `end`.
  @inline(__always)
  static func endOfBlanks(_ base: UnsafeRawPointer, _ from: Int, _ end: Int) -> Int {
    // A single space and a value behind it: what every known sender writes.
    if end &- from >= 2, byte(base, from) == ByteClass.space,
      byte(base, from &+ 1) > ByteClass.space
    {
      return from &+ 1
    }
    var index = from
    while index < end, ByteClass.isBlank(byte(base, index)) { index &+= 1 }
    return index
  }

  /// Whether CR LF stands at an offset; both bytes are readable.
  @inline(__always)
  static func isCRLF(_ base: UnsafeRawPointer, _ offset: Int) -> Bool {
    base.loadUnaligned(fromByteOffset: offset, as: UInt16.self) == UInt16(littleEndian: 0x0A0D)
  }

  // MARK: - Sixteen bytes

  private typealias Block = SIMD16<UInt8>
  private typealias Hits = SIMDMask<SIMD16<Int8>>

  @inline(__always)
  private static func uncommon(_ block: Block) -> Hits {
    let letters = ((block | all(0x20)) &- all(0x61)) .< all(26)
    // "-" ... "9" without "/".
    let digits = (block &- all(0x2D)) .< all(13) .& block .!= all(0x2F)
    return .!(letters .| digits)
  }

  @inline(__always)
  private static func control(_ block: Block) -> Hits {
    block .< all(0x20) .& block .!= all(0x09) .| block .== all(0x7F)
  }

  @inline(__always)
  private static func notInTarget(_ block: Block) -> Hits {
    (block &- all(0x21)) .>= all(0x5E) .| block .== all(0x3F) .| block .== all(0x23)
  }

  /// A byte in every lane.
  ///
  /// Swift 6.3 compiles the comparison with a scalar to a loop over the lanes (measured: six times
  /// the instructions per head), that of two vectors to one or two instructions.
  @inline(__always)
  private static func all(_ byte: UInt8) -> Block { Block(repeating: byte) }

  @inline(__always)
  private static func block(_ base: UnsafeRawPointer, _ offset: Int) -> Block {
    base.loadUnaligned(fromByteOffset: offset, as: Block.self)
  }

  /// The index of the first hit, or nil.
  ///
  /// A mask is all ones or all zeros in each lane, so as two words its lowest set bit tells the
  /// lane; the language has no operation that gathers one bit per lane.
  @inline(__always)
  private static func firstHit(_ hits: Hits) -> Int? {
    let words = unsafeBitCast(hits, to: SIMD2<UInt64>.self)
    if words[0] != 0 { return words[0].trailingZeroBitCount &>> 3 }
    if words[1] != 0 { return words[1].trailingZeroBitCount &>> 3 &+ 8 }
    return nil
  }
}
