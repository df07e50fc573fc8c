import OAIRWire

extension LlamaCppDialect {
  func document(_ failure: MockFailure, on route: MockRoute) -> Document {
    let invalid = "invalid_request_error"
    switch failure {
    // The engine has no such errors: it ignores the model and answers 404 to a wrong method.
    case .unknownModel, .unknownPath, .wrongMethod:
      return Self.document(
        404,
        Self.routingError(404, "File Not Found", "not_found_error")
      )
    case .wrongContentType: return Self.document(400, Self.error(400, "invalid body", invalid))
    case .invalidJSON(let fault):
      let text =
        "[json.exception.parse_error.101] parse error at line 1, column \(fault.offset + 1): "
        + "syntax error while parsing value"
      return Self.document(400, Self.error(400, text, invalid))
    case .missingMember(let name):
      return Self.document(400, Self.error(400, "'\(name)' is required", invalid))
    case .overloaded:
      return Self.document(503, Self.error(503, "The queue is full", "unavailable_error"))
    case .loading:
      return Self.document(503, Self.routingError(503, "Loading model", "unavailable_error"))
    case .status(let status, let message, let retryAfter):
      let type = status == 503 ? "unavailable_error" : status < 500 ? invalid : "server_error"
      var document = Self.document(status, Self.error(status, message, type))
      document.fields = retryAfter.map { [MockField(name: "Retry-After", value: "\($0)")] } ?? []
      return document
    }
  }

  /// What a stream of typed events says when its work can't be done.
  static var failureEvent: [UInt8] {
    EventScript.event("error") { writer in
      writer.member("code", 500)
      writer.member("message", failureMessage)
      writer.member("type", "server_error")
    }
  }

  static let failureMessage = "Compute error."

  private static func document(_ status: Int, _ body: [UInt8]) -> Document {
    Document(status: status, contentType: "application/json", body: body)
  }

  /// The errors of handlers.
  static func error(_ code: Int, _ message: String, _ type: String) -> [UInt8] {
    JSONWriter.object { writer in
      writer.object("error") { writer in
        writer.member("code", code)
        writer.member("message", message)
        writer.member("type", type)
      }
    }
  }

  /// The errors of the server around them, which orders its members differently.
  private static func routingError(_ code: Int, _ message: String, _ type: String) -> [UInt8] {
    JSONWriter.object { writer in
      writer.object("error") { writer in
        writer.member("message", message)
        writer.member("type", type)
        writer.member("code", code)
      }
    }
  }
}
