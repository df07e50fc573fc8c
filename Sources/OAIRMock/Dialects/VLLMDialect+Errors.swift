import OAIRWire

extension VLLMDialect {
  func document(_ failure: MockFailure, on route: MockRoute) -> Document {
    var document = document(failure)
    if route.isAnthropic, case .status(let status, let message, _) = Self.plain(failure) {
      document.body = AnthropicError.body(status, message)
    }
    return document
  }

  /// A failure that a handler tells, as a status and a text; others are the server's around it.
  private static func plain(_ failure: MockFailure) -> MockFailure {
    switch failure {
    case .unknownModel(let name, _):
      .status(404, message: "The model `\(name)` does not exist.", retryAfterSeconds: nil)
    case .overloaded: .status(503, message: overloadMessage, retryAfterSeconds: nil)
    default: failure
    }
  }

  private static let overloadMessage =
    "The engine is currently busy. Please try again later or try a different instance."

  private func document(_ failure: MockFailure) -> Document {
    switch failure {
    case .unknownModel(let name, let known):
      let aliases = known.joined(separator: ", ")
      let text = "The model `\(name)` does not exist. Valid aliases: \(aliases)."
      return Self.document(404, Self.error(404, text, "NotFoundError", param: "model"))
    case .unknownPath: return Self.document(404, Self.detail("Not Found"))
    case .wrongMethod(_, _, let allowed):
      var document = Self.document(405, Self.detail("Method Not Allowed"))
      document.fields = [MockField(name: "allow", value: allowed)]
      return document
    case .wrongContentType:
      let text =
        "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed"
      return Self.document(400, Self.error(400, text, "Bad Request", param: nil))
    case .invalidJSON(let fault):
      let place = "body.\(fault.offset)"
      let text =
        "1 validation error:\n  {'type': 'json_invalid', 'loc': '\(place)', 'msg': "
        + "'JSON decode error', 'input': '<dict of 0 items>', 'ctx': {'error': 'Expecting value'}}"
      return Self.document(400, Self.error(400, text, "Bad Request", param: place))
    case .missingMember(let name):
      let text =
        "1 validation error:\n  {'type': 'missing', 'loc': 'body.\(name)', 'msg': "
        + "'Field required', 'input': '<dict of 1 items>'}"
      return Self.document(400, Self.error(400, text, "Bad Request", param: "body.\(name)"))
    case .overloaded:
      return Self.document(
        503,
        Self.error(503, Self.overloadMessage, "Service Unavailable", param: nil)
      )
    case .loading: return Self.document(503, Self.detail("Service Unavailable"))
    case .status(let status, let message, let retryAfter):
      let type = AnswerHead.reason(status).filter { $0 != " " } + (status < 500 ? "Error" : "")
      var document = Self.document(status, Self.error(status, message, type, param: nil))
      document.fields = retryAfter.map { [MockField(name: "retry-after", value: "\($0)")] } ?? []
      return document
    }
  }

  private static func document(_ status: Int, _ body: [UInt8]) -> Document {
    Document(status: status, contentType: "application/json", body: body)
  }

  private static func detail(_ text: String) -> [UInt8] {
    JSONWriter.object { $0.member("detail", text) }
  }

  private static func error(
    _ code: Int,
    _ message: String,
    _ type: String,
    param: String?
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.object("error") { writer in
        writer.member("message", message)
        writer.member("type", type)
        writer.key("param")
        writer.stringOrNull(param)
        writer.member("code", code)
      }
    }
  }
}
