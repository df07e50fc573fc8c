import OAIRHTTP1
import OAIRProxy
import OAIRWire

/// One access line while it is written: names and values in turn, into memory that the caller owns.
///
/// What doesn't fit is left out.
struct AccessLine {
  private var writer: HeadWriter
  private let isJSON: Bool

  /// - Parameter memory: more than one byte.
  init(_ memory: UnsafeMutableRawBufferPointer, _ format: LogFormat) {
    // The byte that ends the line has its place whatever comes before.
    writer = HeadWriter(UnsafeMutableRawBufferPointer(rebasing: memory.dropLast()))
    self.memory = memory
    isJSON = format == .json
  }

  // SAFETY: valid as long as the line, by the contract of `init`; only `end` writes through it.
  private let memory: UnsafeMutableRawBufferPointer

  /// Ends the line.
  ///
  /// - Returns: its bytes in the memory.
  mutating func end() -> Int {
    if isJSON { writer.append("}") }
    memory[writer.count] = UInt8(ascii: "\n")
    return writer.count + 1
  }

  /// The name of the value that follows, as the two forms spell it, with what separates it from the
  /// value before; it needs no escape.
  @inline(__always)
  mutating func name(_ json: StaticString, _ text: StaticString) {
    if isJSON { writer.append(json) } else { writer.append(text) }
  }

  mutating func number(_ value: Int) { writer.append(decimal: value) }

  /// Milliseconds with three digits behind the point.
  mutating func milliseconds(_ nanoseconds: UInt64) {
    let microseconds = Int(clamping: nanoseconds / 1000)
    writer.append(decimal: microseconds / 1000)
    writer.append(".")
    thousandths(microseconds % 1000)
  }

  /// A text of the router's own that needs no escape, and isn't empty.
  mutating func word(_ text: StaticString) {
    quote()
    writer.append(text)
    quote()
  }

  /// - Parameters:
  ///   - second: date and time.
  ///   - milliseconds: 0 … 999.
  mutating func time(_ second: [UInt8], _ milliseconds: Int) {
    quote()
    second.withUnsafeBytes { writer.append($0) }
    writer.append(".")
    thousandths(milliseconds)
    writer.append("Z")
    quote()
  }

  /// An IPv4 address in host byte order.
  mutating func address(_ address: UInt32) {
    quote()
    for shift in stride(from: 24, through: 0, by: -8) {
      writer.append(decimal: Int(address >> UInt32(shift) & 255))
      if shift > 0 { writer.append(".") }
    }
    quote()
  }

  mutating func text(_ text: InlineText) { text.withBytes { self.text($0) } }

  /// A text that somebody else wrote: as it is where that can do no harm, else escaped as in JSON.
  mutating func text(_ bytes: UnsafeRawBufferPointer) {
    switch LogText.form(of: bytes) {
    case .word where !isJSON: writer.append(bytes)
    case .word, .words:
      writer.append("\"")
      writer.append(bytes)
      writer.append("\"")
    case .hostile:
      var json = JSONWriter()
      json.string(bytes)
      json.bytes.withUnsafeBytes { writer.append($0) }
    }
  }

  private mutating func quote() { if isJSON { writer.append("\"") } }

  private mutating func thousandths(_ value: Int) {
    if value < 100 { writer.append(byte: UInt8(ascii: "0")) }
    if value < 10 { writer.append(byte: UInt8(ascii: "0")) }
    writer.append(decimal: value)
  }
}
