import Glibc
public import Logging
public import OAIRSys
import OAIRWire

/// How log lines look.
public enum LogFormat: String, CaseIterable, Sendable {
  /// `key=value` words; values with anything but visible ASCII are quoted and escaped.
  case text
  /// One JSON object per line.
  case json
}

/// Writes events as lines to a descriptor.
///
/// Message and metadata are escaped: what a client or a backend says can't forge a line, or move a
/// terminal's cursor.
public struct LineLogHandler: LogHandler {
  /// Added to each event.
  public var metadata: Logger.Metadata = [:]
  /// The least severe level that is written.
  ///
  /// With a switch it is the switch's: setting it here sets it for all who share that.
  public var logLevel: Logger.Level {
    get { level.level }
    set { level.level = newValue }
  }
  private let format: LogFormat
  private let destination: Destination
  private let level: LogLevelSwitch

  /// Makes a handler.
  ///
  /// - Parameters:
  ///   - format: how lines look.
  ///   - descriptor: where they go; it must stay open.
  ///   - level: the least severe level that is written, to be changed at any time.
  public init(
    _ format: LogFormat,
    to descriptor: FileDescriptor,
    level: LogLevelSwitch = LogLevelSwitch(.info)
  ) {
    self.format = format
    destination = .descriptor(descriptor)
    self.level = level
  }

  /// Makes a handler that never waits for whoever reads its lines.
  ///
  /// - Parameters:
  ///   - format: how lines look.
  ///   - sink: where they go.
  ///   - level: the least severe level that is written, to be changed at any time.
  public init(
    _ format: LogFormat,
    to sink: LineSink,
    level: LogLevelSwitch = LogLevelSwitch(.info)
  ) {
    self.format = format
    destination = .sink(sink)
    self.level = level
  }

  private enum Destination {
    case descriptor(FileDescriptor)
    case sink(LineSink)
  }

  /// One value of `metadata`.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line.
  ///
  /// On the caller's thread; never called on a reactor.
  public func log(event: LogEvent) {
    var fields: [(String, String)] = [
      ("time", Timestamp.now()), ("level", "\(event.level)"), ("event", "\(event.message)"),
    ]
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    fields += all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    var line = format == .json ? Self.json(fields) : Self.text(fields)
    line.append(UInt8(ascii: "\n"))
    switch destination {
    case .descriptor(let descriptor): DescriptorWriter.write(line, to: descriptor)
    case .sink(let sink): sink.append(line)
    }
  }

  private static func json(_ fields: [(String, String)]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (key, value) in fields {
      writer.key(key)
      writer.string(value)
    }
    writer.endObject()
    return writer.bytes
  }

  private static func text(_ fields: [(String, String)]) -> [UInt8] {
    var line: [UInt8] = []
    for (key, value) in fields {
      if !line.isEmpty { line.append(UInt8(ascii: " ")) }
      line += Array("\(key)=".utf8)
      LogText.append(Array(value.utf8), to: &line)
    }
    return line
  }
}

/// Values of text lines.
enum LogText {
  /// What a text is in a log.
  enum Form {
    /// Visible ASCII without quotes and backslashes: it can stand alone.
    case word
    /// With spaces, or empty: it has to stand in quotes.
    case words
    /// Anything else: it has to be escaped.
    case hostile
  }

  static func form(of bytes: UnsafeRawBufferPointer) -> Form {
    guard bytes.count >= 8 else { return form(ofFew: bytes) }
    var hasSpace = false
    var index = 0
    // The last word ends with the text and may overlap the one before.
    let last = bytes.count &- 8
    while true {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if isHostile(word) { return .hostile }
      if holds(0x20, word) { hasSpace = true }
      if index == last { return hasSpace ? .words : .word }
      index = min(index &+ 8, last)
    }
  }

  private static func form(ofFew bytes: UnsafeRawBufferPointer) -> Form {
    var hasSpace = bytes.isEmpty
    for byte in bytes {
      guard byte >= 0x20, byte <= 0x7e, byte != 0x22, byte != 0x5c else { return .hostile }
      if byte == 0x20 { hasSpace = true }
    }
    return hasSpace ? .words : .word
  }

  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var highs: UInt64 { 0x8080_8080_8080_8080 }

  /// Whether one of eight bytes can't stand in a line as it is.
  @inline(__always)
  private static func isHostile(_ word: UInt64) -> Bool {
    let isControl = (word &- 0x20 &* ones) & ~word & highs != 0
    return word & highs != 0 || isControl || holds(0x7f, word) || holds(0x22, word)
      || holds(0x5c, word)
  }

  /// Whether one of eight bytes is this one.
  @inline(__always)
  private static func holds(_ byte: UInt64, _ word: UInt64) -> Bool {
    let differing = word ^ (byte &* ones)
    return (differing &- ones) & ~differing & highs != 0
  }

  /// Appends the bytes as they are when they are one word, else quoted and escaped as in JSON.
  static func append(_ bytes: [UInt8], to line: inout [UInt8]) {
    if bytes.withUnsafeBytes({ form(of: $0) }) == .word {
      line += bytes
    } else {
      var writer = JSONWriter()
      bytes.withUnsafeBytes { writer.string($0) }
      line += writer.bytes
    }
  }
}
