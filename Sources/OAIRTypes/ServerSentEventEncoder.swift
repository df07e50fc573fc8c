/// Renders server-sent events (WHATWG HTML, section 9.2.6) with LF as line end, as engines do.
public enum ServerSentEventEncoder {
  /// An event.
  ///
  /// - Parameters:
  ///   - data: its data; each line of it becomes a `data` field of its own.
  ///   - event: its type, which must be without line ends; nil for the default.
  ///   - id: its id, which must be without line ends; nil for none.
  /// - Returns: the event with its blank line.
  public static func event(
    data: some Collection<UInt8>,
    event: String? = nil,
    id: String? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(data.count + 16)
    if let event { appendField("event: ", event, to: &bytes) }
    if let id { appendField("id: ", id, to: &bytes) }
    var lineStart = data.startIndex
    while true {
      let lineEnd = data[lineStart...].firstIndex(where: isLineEnd) ?? data.endIndex
      bytes.append(contentsOf: "data: ".utf8)
      bytes.append(contentsOf: data[lineStart..<lineEnd])
      bytes.append(lineFeed)
      guard lineEnd != data.endIndex else { break }
      lineStart = data.index(after: lineEnd)
      let isPair =
        data[lineEnd] == carriageReturn && lineStart != data.endIndex
        && data[lineStart] == lineFeed
      if isPair { lineStart = data.index(after: lineStart) }
    }
    bytes.append(lineFeed)
    return bytes
  }

  /// An event whose data is text.
  public static func event(data: String, event: String? = nil, id: String? = nil) -> [UInt8] {
    self.event(data: Array(data.utf8), event: event, id: id)
  }

  /// A comment, which keeps a connection alive and is otherwise ignored.
  ///
  /// - Parameter text: must be without line ends.
  public static func comment(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    appendField(": ", text, to: &bytes)
    bytes.append(lineFeed)
    return bytes
  }

  /// The end marker of chat and completions: `data: [DONE]`.
  public static var done: [UInt8] { event(data: "[DONE]") }

  private static let lineFeed: UInt8 = 0x0A
  private static let carriageReturn: UInt8 = 0x0D

  private static func isLineEnd(_ byte: UInt8) -> Bool {
    byte == lineFeed || byte == carriageReturn
  }

  private static func appendField(_ prefix: String, _ value: String, to bytes: inout [UInt8]) {
    precondition(!value.utf8.contains(where: isLineEnd), "a field is one line")
    bytes.append(contentsOf: prefix.utf8)
    bytes.append(contentsOf: value.utf8)
    bytes.append(lineFeed)
  }
}
