import Glibc
import OAIRHTTP1
import OAIRWire

/// Which path is answered how: the one place that knows paths.
///
/// Bodies of routed paths are opaque; the family only says how the answer's events look.
enum PathTable {
  /// What a path is.
  enum Route: Equatable {
    case unknown
    /// It has a segment `.` or `..`: what it means is in the eye of the beholder.
    case dotted
    case local(Local)
    /// Routed by the top-level `model` of a JSON body. `canonical` is what the backend is asked
    /// for; nil: the path as the client wrote it, `trimmed`.
    case routed(WireFamily, canonical: Canonical?)
  }

  /// Endpoints that the router answers itself, with GET and HEAD.
  enum Local: Equatable {
    case health, livez, readyz, models
    /// `/v1/models/{id}`; where the id stands in the path.
    case model(id: Range<Int>)
  }

  /// A path that is spelled in several ways.
  enum Canonical: Equatable {
    case chatCompletions, completions, responses, messages

    var path: StaticString {
      switch self {
      case .chatCompletions: "/v1/chat/completions"
      case .completions: "/v1/completions"
      case .responses: "/v1/responses"
      case .messages: "/v1/messages"
      }
    }
  }

  /// Looks a path up.
  ///
  /// A doubled `/v1/v1` and one final `/` are tolerated, and the commonest paths without their
  /// `/v1`: all three come from base URLs that were typed with, or without, the prefix.
  static func route(_ path: UnsafeRawBufferPointer) -> Route {
    if let known = wellKnown(path) { return known }
    if hasDotSegment(path) { return .dotted }
    let rest = trimmed(path)
    if let known = wellKnown(rest) { return known }
    if starts(rest, "/v1/models/") {
      let start = starts(path, "/v1/v1/") ? 3 : 0
      return .local(.model(id: (start + 11)..<(start + rest.count)))
    }
    return pathOnly(rest)
  }

  /// A segment that is one or two dots, plain or percent-encoded (RFC 3986 section 5.2.4).
  ///
  /// A backend that resolves them would serve another path than the one that was judged here.
  private static func hasDotSegment(_ path: UnsafeRawBufferPointer) -> Bool {
    var dots = 0
    var isOnlyDots = true
    var index = 0
    while index <= path.count {
      if index == path.count || path[index] == UInt8(ascii: "/") {
        if isOnlyDots, dots == 1 || dots == 2 { return true }
        dots = 0
        isOnlyDots = true
      } else if path[index] == UInt8(ascii: ".") {
        dots += 1
      } else if index + 2 < path.count, path[index] == UInt8(ascii: "%"),
        path[index + 1] == UInt8(ascii: "2"), path[index + 2] | 0x20 == UInt8(ascii: "e")
      {
        dots += 1
        index += 2
      } else {
        isOnlyDots = false
      }
      index += 1
    }
    return false
  }

  /// A path without what is tolerated: this is what a backend is asked for.
  static func trimmed(_ path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var rest = path
    if rest.count > 1, rest.last == UInt8(ascii: "/") { rest = .init(rebasing: rest.dropLast()) }
    if starts(rest, "/v1/v1/") { rest = .init(rebasing: rest.dropFirst(3)) }
    return rest
  }

  private static func wellKnown(_ path: UnsafeRawBufferPointer) -> Route? {
    switch path.count {
    case 6 where equals(path, "/livez"): .local(.livez)
    case 7 where equals(path, "/health"): .local(.health)
    case 7 where equals(path, "/readyz"): .local(.readyz)
    case 7 where equals(path, "/models"): .local(.models)
    case 8 where equals(path, "/healthz"): .local(.livez)
    case 9 where equals(path, "/messages"): .routed(.messages, canonical: .messages)
    case 10 where equals(path, "/v1/models"): .local(.models)
    case 10 where equals(path, "/responses"): .routed(.responses, canonical: .responses)
    case 12 where equals(path, "/v1/messages"): .routed(.messages, canonical: .messages)
    case 12 where equals(path, "/completions"): .routed(.completions, canonical: .completions)
    case 13 where equals(path, "/v1/responses"): .routed(.responses, canonical: .responses)
    case 15 where equals(path, "/v1/completions"): .routed(.completions, canonical: .completions)
    case 17 where equals(path, "/chat/completions"): .routed(.chat, canonical: .chatCompletions)
    case 20 where equals(path, "/v1/chat/completions"):
      .routed(.chat, canonical: .chatCompletions)
    default: nil
    }
  }

  /// Paths outside `/v1` that engines serve with a JSON `model`.
  private static let engineOwn: [StaticString] = [
    "/rerank", "/v2/rerank", "/score", "/classify", "/pooling", "/tokenize", "/detokenize",
    "/infill", "/apply-template", "/completion",
  ]

  private static func pathOnly(_ path: UnsafeRawBufferPointer) -> Route {
    if starts(path, "/v1/"), path.count > 4 { return .routed(.opaque, canonical: nil) }
    for known in engineOwn where equals(path, known) { return .routed(.opaque, canonical: nil) }
    return .unknown
  }

  private static func equals(_ path: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    path.count == text.utf8CodeUnitCount && starts(path, text)
  }

  private static func starts(_ path: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    guard let base = path.baseAddress, path.count >= text.utf8CodeUnitCount else { return false }
    return memcmp(base, text.utf8Start, text.utf8CodeUnitCount) == 0
  }
}
