import Glibc
import OAIRRouting
import OAIRWire

/// Which path is answered how: the one place that knows paths.
///
/// Bodies of routed paths are opaque; what is known of a path is its `Service`.
enum PathTable {
  /// What a path is.
  enum Route: Equatable {
    case unknown
    /// A platform's own resource, which no engine serves.
    case platform
    /// It has a segment `.` or `..`: what it means is in the eye of the beholder.
    case dotted
    case local(Local)
    /// One stored response, or what belongs to it: `/v1/responses/{id}`, `…/cancel`,
    /// `…/input_items`; where the id stands in the path.
    case stored(id: Range<Int>)
    /// A WebSocket, routed by the `model` in the query.
    case tunnel
    /// Routed by the top-level `model` of a JSON body. `canonical` is what the backend is asked
    /// for; nil: the path as the client wrote it, `trimmed`.
    case routed(Service, canonical: Canonical?)
  }

  /// Endpoints that the router answers itself, with GET and HEAD.
  enum Local: Equatable {
    case health, livez, readyz, models, metrics
    /// `/v1/models/{id}`; where the id stands in the path.
    case model(id: Range<Int>)
    /// What Ollama's clients ask for before anything else.
    case ollamaRoot, ollamaVersion, ollamaTags, ollamaProcesses
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

    fileprivate var route: Route {
      switch self {
      case .chatCompletions: .routed(Service(.chat, .chat), canonical: self)
      case .completions: .routed(Service(.completions, .completions), canonical: self)
      case .responses: .routed(Service(.responses, .responses), canonical: self)
      case .messages: .routed(Service(.messages, .messages), canonical: self)
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
    if rest.starts("/v1/models/") {
      let start = path.starts("/v1/v1/") ? 3 : 0
      return .local(.model(id: (start + 11)..<(start + rest.count)))
    }
    if rest.equals("/v1/realtime") { return .tunnel }
    if let id = storedID(rest) {
      let start = path.starts("/v1/v1/") ? 3 : 0
      return .stored(id: (start + id.lowerBound)..<(start + id.upperBound))
    }
    return lessKnown(rest)
  }

  private static func storedID(_ path: UnsafeRawBufferPointer) -> Range<Int>? {
    let parent: StaticString = "/v1/responses/"
    guard path.starts(parent), ServiceTable.service(path) == nil else { return nil }
    let start = parent.utf8CodeUnitCount
    let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
    let rest = UnsafeRawBufferPointer(rebasing: path[end...])
    guard end > start, rest.isEmpty || rest.equals("/cancel") || rest.equals("/input_items") else {
      return nil
    }
    return start..<end
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
    if rest.starts("/v1/v1/") { rest = .init(rebasing: rest.dropFirst(3)) }
    return rest
  }

  private static func wellKnown(_ path: UnsafeRawBufferPointer) -> Route? {
    switch path.count {
    case 1 where path.equals("/"): .local(.ollamaRoot)
    case 6 where path.equals("/livez"): .local(.livez)
    case 7 where path.equals("/health"): .local(.health)
    case 7 where path.equals("/readyz"): .local(.readyz)
    case 7 where path.equals("/models"): .local(.models)
    case 7 where path.equals("/api/ps"): .local(.ollamaProcesses)
    case 8 where path.equals("/metrics"): .local(.metrics)
    case 8 where path.equals("/healthz"): .local(.livez)
    case 9 where path.equals("/messages"): Canonical.messages.route
    case 9 where path.equals("/api/tags"): .local(.ollamaTags)
    case 10 where path.equals("/v1/models"): .local(.models)
    case 10 where path.equals("/responses"): Canonical.responses.route
    case 12 where path.equals("/v1/messages"): Canonical.messages.route
    case 12 where path.equals("/completions"): Canonical.completions.route
    case 12 where path.equals("/api/version"): .local(.ollamaVersion)
    case 13 where path.equals("/v1/responses"): Canonical.responses.route
    case 15 where path.equals("/v1/completions"): Canonical.completions.route
    case 17 where path.equals("/chat/completions"): Canonical.chatCompletions.route
    case 20 where path.equals("/v1/chat/completions"): Canonical.chatCompletions.route
    default: nil
    }
  }

  private static func lessKnown(_ path: UnsafeRawBufferPointer) -> Route {
    if let service = ServiceTable.service(path) { return .routed(service, canonical: nil) }
    guard path.starts("/v1/"), path.count > 4 else { return .unknown }
    return ServiceTable.isPlatform(path) ? .platform : .routed(Service(.other), canonical: nil)
  }

  /// The shape that errors have on a path, whether it is served or not.
  static func errorShape(_ path: UnsafeRawBufferPointer) -> ErrorShape {
    if path.starts("/api/") { return .ollama }
    let rest = trimmed(path)
    return rest.starts("/v1/messages") || rest.equals("/messages") ? .anthropic : .openAI
  }
}

extension UnsafeRawBufferPointer {
  func equals(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && starts(text)
  }

  /// Compares letters in either case; `text` is in lower case.
  func startsInAnyCase(_ text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount {
      let byte = self[index]
      let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      guard isUpper ? byte | 0x20 == text.utf8Start[index] : byte == text.utf8Start[index] else {
        return false
      }
    }
    return true
  }

  func equalsInAnyCase(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && startsInAnyCase(text)
  }

  func starts(_ text: StaticString) -> Bool {
    guard let baseAddress, count >= text.utf8CodeUnitCount else { return false }
    return memcmp(baseAddress, text.utf8Start, text.utf8CodeUnitCount) == 0
  }
}
