import OAIRTypes
import OAIRWire

/// The events of one stream, rendered but for its tokens: what differs from token to token is put
/// between the parts of a template, so that a fast stream costs copies only.
struct EventScript {
  var contentType = "text/event-stream"
  /// The events before any token: in chats the role, in other families several.
  ///
  /// Text completions have none.
  var opening: [[UInt8]] = []
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
  /// Whether the stream has no words for a failure, and just breaks off.
  var breaksOnFailure = false
}

/// An event with holes: one for a token's text, one for its number.
struct EventTemplate: Equatable {
  /// How an event is framed in a stream.
  enum Framing: Equatable {
    /// A server-sent event, with a type or without.
    case event(String?)
    /// A line of its own.
    case line
  }

  private enum Hole: Equatable { case text, number }

  private struct Part: Equatable {
    var bytes: [UInt8]
    var hole: Hole?
  }

  /// Where a hole is, and what keeps its place in the JSON.
  private struct Place {
    var start: Int
    var length: Int
    var hole: Hole

    /// The empty string that keeps the place is the two quotes.
    static func text(_ writer: inout JSONWriter) -> Place {
      defer { writer.string("") }
      return Place(start: writer.bytes.count, length: 2, hole: .text)
    }

    static func number(_ writer: inout JSONWriter) -> Place {
      defer { writer.int(0) }
      return Place(start: writer.bytes.count, length: 1, hole: .number)
    }
  }

  private let parts: [Part]
  /// What the number of the first token is.
  private let firstNumber: Int

  /// Makes a template.
  ///
  /// - Parameters:
  ///   - framing: what is put around the JSON.
  ///   - firstNumber: what the number of the first token is.
  ///   - render: renders the event's JSON; it may call each of the functions that it is given once,
  ///     where the text's and the number's places are.
  init(
    _ framing: Framing = .event(nil),
    firstNumber: Int = 0,
    _ render: (
      _ text: (inout JSONWriter) -> Void, _ number: (inout JSONWriter) -> Void
    ) -> [UInt8]
  ) {
    self.firstNumber = firstNumber
    var places: [Place] = []
    let json = render({ places.append(.text(&$0)) }, { places.append(.number(&$0)) })
    parts = Self.parts(of: json, places, framing)
  }

  /// Makes a template whose only hole is the text's.
  init(_ framing: Framing = .event(nil), _ render: ((inout JSONWriter) -> Void) -> [UInt8]) {
    firstNumber = 0
    var places: [Place] = []
    let json = render { places.append(.text(&$0)) }
    parts = Self.parts(of: json, places, framing)
  }

  private static func parts(of json: [UInt8], _ places: [Place], _ framing: Framing) -> [Part] {
    var parts: [Part] = []
    var start = 0
    for place in places {
      parts.append(Part(bytes: Array(json[start..<place.start]), hole: place.hole))
      start = place.start + place.length
    }
    parts.append(Part(bytes: Array(json[start...])))
    parts[0].bytes = prefix(framing) + parts[0].bytes
    parts[parts.count - 1].bytes += framing == .line ? [0x0A] : [0x0A, 0x0A]
    return parts
  }

  /// Makes an event that isn't JSON and is the same for every token but for the token itself.
  ///
  /// - Parameters:
  ///   - before: the bytes before the token.
  ///   - after: those behind it.
  init(before: [UInt8], after: [UInt8]) {
    firstNumber = 0
    parts = [Part(bytes: before, hole: .text), Part(bytes: after)]
  }

  private static func prefix(_ framing: Framing) -> [UInt8] {
    switch framing {
    case .event(nil): Array("data: ".utf8)
    case .event(let type?): Array("event: \(type)\ndata: ".utf8)
    case .line: []
    }
  }

  /// Appends the event of a token.
  ///
  /// - Parameters:
  ///   - literal: its text as a JSON string, quotes included.
  ///   - number: which token it is, from 0.
  func append(_ literal: [UInt8], number: Int = 0, to buffer: inout [UInt8]) {
    for part in parts {
      buffer.append(contentsOf: part.bytes)
      switch part.hole {
      case .text: buffer.append(contentsOf: literal)
      case .number: buffer.append(contentsOf: String(firstNumber + number).utf8)
      case nil: break
      }
    }
  }
}
