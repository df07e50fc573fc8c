/// What the body of an error answer says, in the shapes that engines, frameworks and routers give
/// it.
///
/// A body that can't be read says nothing.
public struct ErrorText: Equatable, Sendable {
  /// LIMIT: bytes of a message that are kept; of a longer one its beginning.
  public static let messageLimit = 1024

  /// `error.message` (OpenAI, Anthropic, llama.cpp), `error` (Ollama), `message` (vLLM's former
  /// shape) or `detail` (FastAPI); of a text that is neither JSON nor HTML the first line.
  ///
  /// Empty when there is none.
  public private(set) var message = ""
  /// `error.code`, where it is a string; else empty.
  public private(set) var code = ""

  /// Reads a body.
  ///
  /// - Parameter body: an error's body, perhaps cut: what stands before the cut is read.
  public init(_ body: UnsafeRawBufferPointer) {
    // SAFETY: rebinding to bytes is always allowed; the cursor stays before body.count.
    guard let base = body.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    var cursor = JSONCursor(base, from: 0, to: body.count)
    switch cursor.peek() {
    case Byte.openBrace: readObject(&cursor)
    case 0, UInt8(ascii: "<"): break
    default: message = Self.firstLine(body[cursor.offset...])
    }
  }

  private mutating func readObject(_ cursor: inout JSONCursor) {
    _ = cursor.enter(Byte.openBrace)
    while let key = cursor.nextKey() {
      let isError = cursor.bytes.equals("error", in: key)
      if isError, cursor.peek() == Byte.openBrace {
        readError(&cursor)
      } else if isError || cursor.bytes.equals("message", in: key)
        || cursor.bytes.equals("detail", in: key)
      {
        let text = Self.text(&cursor)
        if isError || message.isEmpty { message = text ?? message }
      } else {
        cursor.skip()
      }
    }
  }

  private mutating func readError(_ cursor: inout JSONCursor) {
    _ = cursor.enter(Byte.openBrace)
    while let key = cursor.nextKey() {
      if cursor.bytes.equals("message", in: key) {
        message = Self.text(&cursor) ?? message
      } else if cursor.bytes.equals("code", in: key) {
        code = Self.text(&cursor) ?? code
      } else {
        cursor.skip()
      }
    }
  }

  /// The string that is next, decoded; nil, and stepped over, if something else is.
  private static func text(_ cursor: inout JSONCursor) -> String? {
    guard cursor.peek() == Byte.quote else {
      cursor.skip()
      return nil
    }
    guard let range = cursor.string() else { return nil }
    var decoder = JSONStringDecoder(cursor.bytes, range)
    var text = String.UnicodeScalarView()
    var length = 0
    while case .scalar(let value) = decoder.next(), let scalar = Unicode.Scalar(value) {
      length += UTF8.width(scalar)
      guard length <= messageLimit else { return String(text) + "…" }
      text.append(scalar)
    }
    return String(text)
  }

  private static func firstLine(_ text: Slice<UnsafeRawBufferPointer>) -> String {
    let line = text.prefix { $0 != Byte.lineFeed && $0 != Byte.carriageReturn }
    let kept = String(decoding: line.prefix(messageLimit), as: UTF8.self)
    return line.count > messageLimit ? kept + "…" : kept
  }
}
