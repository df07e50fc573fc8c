import OAIRWire

extension OllamaDialect {
  func document(_ failure: MockFailure, on route: MockRoute) -> Document {
    switch failure {
    case .unknownPath:
      return Document(
        status: 404,
        contentType: "text/plain",
        body: Array("404 page not found".utf8)
      )
    case .wrongMethod(_, _, let allowed):
      var document = Document(
        status: 405,
        contentType: "text/plain",
        body: Array("405 method not allowed".utf8)
      )
      document.fields = [MockField(name: "Allow", value: allowed)]
      return document
    default: break
    }
    let (status, message, retryAfter) = Self.facts(failure)
    var document = Document(
      status: status,
      contentType: Self.isRefusedEarly(failure) ? Self.ginJSON : jsonType(on: route),
      body: Self.body(status, message, route)
    )
    document.fields = retryAfter.map { [MockField(name: "Retry-After", value: "\($0)")] } ?? []
    return document
  }

  /// How Gin names JSON; the translations into other APIs name it in their own way.
  private static let ginJSON = "application/json; charset=utf-8"

  func jsonType(on route: MockRoute) -> String {
    route.isOllama || route == .version ? Self.ginJSON : "application/json"
  }

  private static func facts(_ failure: MockFailure) -> (Int, String, Int?) {
    switch failure {
    case .unknownModel(let name, _): (404, "model '\(name)' not found", nil)
    case .invalidJSON(let fault):
      (400, "invalid character at offset \(fault.offset) looking for beginning of value", nil)
    case .missingMember("model"): (400, "model is required", nil)
    case .missingMember("messages"): (400, "[] is too short - 'messages'", nil)
    case .missingMember(let name): (400, "\(name) is required", nil)
    case .overloaded:
      (503, "server busy, please try again.  maximum pending requests exceeded", nil)
    case .status(let status, let message, let retryAfter): (status, message, retryAfter)
    case .loading: (503, "llm server loading model", nil)
    case .wrongContentType, .unknownPath, .wrongMethod: (400, "missing request body", nil)
    }
  }

  /// Before the translation into the other API's shape is on.
  private static func isRefusedEarly(_ failure: MockFailure) -> Bool {
    switch failure {
    case .invalidJSON, .missingMember("messages"): true
    default: false
    }
  }

  private static func body(_ status: Int, _ message: String, _ route: MockRoute) -> [UInt8] {
    if route.isOllama { return JSONWriter.object { $0.member("error", message) } }
    if route.isAnthropic {
      let id = "req_0123456789ab0123456789ab"
      return AnthropicError.body(status, message, requestID: id) + [0x0A]
    }
    return line { writer in
      writer.object("error") { writer in
        writer.member("message", message)
        let type =
          switch status {
          case 400: "invalid_request_error"
          case 404: "not_found_error"
          default: "api_error"
          }
        writer.member("type", type)
        writer.nulls("param", "code")
      }
    }
  }
}
