import OAIRTypes
import OAIRWire

/// The events of one stream, rendered but for its tokens: what differs from token to token is put
/// between two halves, so that a fast stream costs copies only.
struct EventScript {
  /// The event before any token: the role.
  ///
  /// Text completions have none.
  var opening: [UInt8]?
  /// The event of a token.
  var token: EventTemplate
  /// The event of the last token, where it differs: vLLM's carries `finish_reason`.
  var lastToken: EventTemplate?
  /// How many tokens there are.
  var tokenCount: Int
  /// The events behind the tokens; the end marker is the last.
  var closing: [[UInt8]]
  /// The event that a dying engine sends, and what follows it.
  var failure: [[UInt8]]
}

/// An event with a hole for one JSON string.
struct EventTemplate: Equatable {
  private let before: [UInt8]
  private let after: [UInt8]

  /// Makes a template.
  ///
  /// - Parameter render: renders the event's JSON; it must call the function that it is given
  ///   exactly once, where the string's place is.
  init(_ render: (_ hole: (inout JSONWriter) -> Void) -> [UInt8]) {
    var place = 0
    let json = render { writer in
      place = writer.bytes.count
      writer.string("")
    }
    // The empty string that keeps the place is the two quotes.
    before = Array("data: ".utf8) + json[..<place]
    after = json[(place + 2)...] + [0x0A, 0x0A]
  }

  /// Appends the event with a string in its place.
  ///
  /// - Parameter literal: a JSON string, quotes included.
  func append(_ literal: [UInt8], to buffer: inout [UInt8]) {
    buffer.append(contentsOf: before)
    buffer.append(contentsOf: literal)
    buffer.append(contentsOf: after)
  }
}
