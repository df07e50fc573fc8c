import OAIRWire

/// Errors of Anthropic's API, as engines write them that speak it.
enum AnthropicError {
  /// The body.
  ///
  /// - Parameter requestID: nil: the engine gives none.
  static func body(_ status: Int, _ message: String, requestID: String? = nil) -> [UInt8] {
    JSONWriter.object { writer in
      write(type(status), message, to: &writer)
      if let requestID { writer.member("request_id", requestID) }
    }
  }

  /// The event that ends a stream.
  static func event(_ type: String, _ message: String) -> [UInt8] {
    EventScript.event("error") { write(type, message, to: &$0) }
  }

  private static func write(_ type: String, _ message: String, to writer: inout JSONWriter) {
    writer.member("type", "error")
    writer.object("error") { writer in
      writer.member("type", type)
      writer.member("message", message)
    }
  }

  private static func type(_ status: Int) -> String {
    switch status {
    case 400, 413, 422: "invalid_request_error"
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 429: "rate_limit_error"
    case 503, 529: "overloaded_error"
    default: "api_error"
    }
  }
}
