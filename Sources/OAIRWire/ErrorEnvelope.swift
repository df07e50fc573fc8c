/// Renders errors of the router's own, in the shape that the client's SDK understands.
public enum ErrorEnvelope {
  /// The body of an error answer.
  ///
  /// - Parameters:
  ///   - shape: the shape of the API that was called.
  ///   - message: what the user reads.
  ///   - type: OpenAI's error type, such as `invalid_request_error`; mapped onto Anthropic's types
  ///     in that shape.
  ///   - code: the stable name of the error, or nil for null.
  ///   - param: the parameter that is at fault, or nil for null.
  public static func body(
    _ shape: ErrorShape,
    message: String,
    type: String,
    code: String?,
    param: String?
  ) -> [UInt8] {
    var writer = JSONWriter()
    switch shape {
    case .openAI:
      writeOpenAI(&writer, message: message, type: type, code: code, param: param)
    case .anthropic:
      writeAnthropic(&writer, message: message, type: anthropicType(type, code: code))
    case .ollama:
      writeOllama(&writer, message: message)
    }
    return writer.bytes
  }

  /// The event that ends a stream whose backend was lost, framed for the family.
  ///
  /// It never holds an end marker, so that no client takes the stream for complete.
  ///
  /// - Parameters:
  ///   - family: the stream's family.
  ///   - message: what the user reads.
  ///   - code: the stable name of the error, such as `upstream_disconnected`.
  ///   - sequenceNumber: number of the event, in `.responses` only: how many came before it.
  /// - Returns: payload bytes without any transfer coding; nil where the family has no such event.
  public static func frame(
    _ family: WireFamily,
    message: String,
    code: String,
    sequenceNumber: Int
  ) -> [UInt8]? {
    var writer = JSONWriter()
    switch family {
    case .chat, .completions:
      writeOpenAI(&writer, message: message, type: "server_error", code: code, param: nil)
      return serverSentEvent("data: ", writer)
    case .responses:
      writeResponsesError(
        &writer,
        message: message,
        code: code,
        sequenceNumber: sequenceNumber
      )
      return serverSentEvent("event: error\ndata: ", writer)
    case .messages:
      writeAnthropic(&writer, message: message, type: "api_error")
      return serverSentEvent("event: error\ndata: ", writer)
    case .ollama:
      writeOllama(&writer, message: message)
      return writer.bytes + [Byte.lineFeed]
    case .opaque:
      return nil
    }
  }

  private static func serverSentEvent(_ prefix: String, _ writer: JSONWriter) -> [UInt8] {
    Array(prefix.utf8) + writer.bytes + [Byte.lineFeed, Byte.lineFeed]
  }

  private static func writeOpenAI(
    _ writer: inout JSONWriter,
    message: String,
    type: String,
    code: String?,
    param: String?
  ) {
    writer.beginObject()
    writer.key("error")
    writer.beginObject()
    writer.key("message")
    writer.string(message)
    writer.key("type")
    writer.string(type)
    writer.key("param")
    writer.stringOrNull(param)
    writer.key("code")
    writer.stringOrNull(code)
    writer.endObject()
    writer.endObject()
  }

  private static func writeAnthropic(_ writer: inout JSONWriter, message: String, type: String) {
    writer.beginObject()
    writer.key("type")
    writer.string("error")
    writer.key("error")
    writer.beginObject()
    writer.key("type")
    writer.string(type)
    writer.key("message")
    writer.string(message)
    writer.endObject()
    writer.endObject()
  }

  private static func writeResponsesError(
    _ writer: inout JSONWriter,
    message: String,
    code: String,
    sequenceNumber: Int
  ) {
    writer.beginObject()
    writer.key("type")
    writer.string("error")
    writer.key("code")
    writer.string(code)
    writer.key("message")
    writer.string(message)
    writer.key("param")
    writer.null()
    writer.key("sequence_number")
    writer.int(sequenceNumber)
    writer.endObject()
  }

  private static func writeOllama(_ writer: inout JSONWriter, message: String) {
    writer.beginObject()
    writer.key("error")
    writer.string(message)
    writer.endObject()
  }

  /// Anthropic's type for one of OpenAI's.
  ///
  /// Where OpenAI has one type for many errors, the code decides.
  static func anthropicType(_ type: String, code: String?) -> String {
    switch (type, code) {
    case (_, "model_not_found"?), (_, "unsupported_endpoint"?): "not_found_error"
    case (_, "request_too_large"?): "request_too_large"
    case ("invalid_request_error", _): "invalid_request_error"
    case ("authentication_error", _): "authentication_error"
    case ("permission_error", _): "permission_error"
    case ("not_found_error", _): "not_found_error"
    case ("rate_limit_error", _): "rate_limit_error"
    case ("service_unavailable_error", _), ("overloaded_error", _): "overloaded_error"
    default: "api_error"
    }
  }
}
