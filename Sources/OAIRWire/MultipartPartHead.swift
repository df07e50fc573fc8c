/// The head of a form's part: which of the parts that matter it begins (RFC 7578 section 4.2).
///
/// As strict as the parameters: folded lines, bare line ends, blanks before the colon and a second
/// `Content-Disposition` are read one way here and another there.
enum MultipartPartHead: Equatable {
  case other, model, stream
  /// `Model`, `MODEL`, …: the model to backends that don't heed the case of names.
  case modelInOtherCase
  /// Not everybody reads it alike.
  case ambiguous

  var namesModel: Bool { self == .model || self == .modelInOtherCase }

  /// - Parameter head: its lines, each behind a CRLF.
  static func read(_ head: UnsafeRawBufferPointer) -> MultipartPartHead {
    var disposition: UnsafeRawBufferPointer?
    var isEncoded = false
    var start = 0
    while start < head.count {
      let end = endOfLine(head, from: start + 2)
      guard let end, let colon = colon(head, (start + 2)..<end) else { return .ambiguous }
      let value = UnsafeRawBufferPointer(rebasing: head[(colon + 1)..<end])
      let name = (start + 2)..<colon
      if MIMEText.equals("content-disposition", in: head, name) {
        guard disposition == nil else { return .ambiguous }
        disposition = value
      } else if MIMEText.equals("content-transfer-encoding", in: head, name) {
        isEncoded = isEncoded || !isIdentity(value)
      }
      start = end
    }
    guard let disposition else { return .other }
    let part = part(of: disposition)
    return part.namesModel && isEncoded ? .ambiguous : part
  }

  /// Where a line ends whose CRLF, or the head, follows; nil for a CR or LF of another kind.
  private static func endOfLine(_ head: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var end = start
    while end < head.count, head[end] != Byte.carriageReturn, head[end] != Byte.lineFeed {
      end += 1
    }
    guard end < head.count else { return end == head.count ? end : nil }
    guard end + 1 < head.count, head[end] == Byte.carriageReturn,
      head[end + 1] == Byte.lineFeed
    else { return nil }
    return end
  }

  /// The colon behind a name that is a token (RFC 9110 section 5.6.2).
  private static func colon(_ head: UnsafeRawBufferPointer, _ line: Range<Int>) -> Int? {
    guard let colon = head[line].firstIndex(of: Byte.colon), colon > line.lowerBound else {
      return nil
    }
    let isToken = head[line.lowerBound..<colon].allSatisfy { byte in
      byte > Byte.space && byte < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
    }
    return isToken ? colon : nil
  }

  private static func part(of disposition: UnsafeRawBufferPointer) -> MultipartPartHead {
    let range: Range<Int>
    switch MIMEParameter.find("name", in: disposition) {
    case .none: return .other
    case .ambiguous: return .ambiguous
    case .value(let found): range = found
    }
    if MIMEText.equals("stream", in: disposition, range) { return .stream }
    guard MIMEText.equals("model", in: disposition, range) else { return .other }
    // A file, or what isn't form data, is no field to some.
    let isFile = disposition.indices.contains {
      MIMEText.has("filename", in: disposition, at: $0)
    }
    guard !isFile, isFormData(disposition) else { return .ambiguous }
    return disposition[range].elementsEqual("model".utf8) ? .model : .modelInOtherCase
  }

  private static func isFormData(_ disposition: UnsafeRawBufferPointer) -> Bool {
    let end = disposition.firstIndex(of: UInt8(ascii: ";")) ?? disposition.count
    return MIMEText.equals("form-data", in: disposition, trimmed(disposition, 0..<end))
  }

  /// Whether a transfer encoding leaves the content as it is (RFC 2045 section 6.2).
  private static func isIdentity(_ encoding: UnsafeRawBufferPointer) -> Bool {
    let range = trimmed(encoding, 0..<encoding.count)
    return MIMEText.equals("7bit", in: encoding, range)
      || MIMEText.equals("8bit", in: encoding, range)
      || MIMEText.equals("binary", in: encoding, range)
  }

  private static func trimmed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, MIMEText.isBlank(bytes[start]) { start += 1 }
    while end > start, MIMEText.isBlank(bytes[end - 1]) { end -= 1 }
    return start..<end
  }
}
