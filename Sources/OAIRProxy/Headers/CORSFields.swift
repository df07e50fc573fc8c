import OAIRHTTP1

/// What a browser wants to read before it hands an answer to a page (the Fetch standard, section
/// 3.3 "CORS protocol").
enum CORSFields {
  /// What one path or another takes: a preflight's `Allow` says the same.
  static var methods: StaticString { "GET, HEAD, POST, DELETE, OPTIONS" }

  /// Lets a page of an origin read the answer, with the fields that are the router's own.
  static func write(_ origin: UnsafeRawBufferPointer, to out: inout HeadWriter) {
    out.field("Access-Control-Allow-Origin", origin)
    out.field(
      "Access-Control-Expose-Headers",
      "X-Request-ID, X-OAIRouter-Backend, X-OAIRouter-Attempts, X-OAIRouter-Model, X-Session-Broken"
    )
    out.append("Vary: Origin\r\n")
  }

  /// Answers what a page wants to send.
  ///
  /// - Parameter fields: what `Access-Control-Request-Headers` names; nil without it.
  static func writePreflight(_ fields: UnsafeRawBufferPointer?, to out: inout HeadWriter) {
    out.field("Access-Control-Allow-Methods", methods)
    if let fields { out.field("Access-Control-Allow-Headers", fields) }
    out.field("Access-Control-Max-Age", "600")
  }

  /// Whether a field of an answer is one of the protocol's.
  static func isOne(_ name: UnsafeRawBufferPointer) -> Bool {
    name.startsInAnyCase("access-control-")
  }

  /// Whether a field of a request names those that a page wants to send.
  static func isRequestHeaders(_ name: UnsafeRawBufferPointer) -> Bool {
    name.equalsInAnyCase("access-control-request-headers")
  }
}
