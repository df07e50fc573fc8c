/// What a head says.
struct AnswerHead {
  enum Framing: Equatable { case length(Int), chunked, untilClose }

  var status: Int
  var contentType: String?
  var framing: Framing
  var fields: [MockField]
  var isKeepAlive: Bool
  /// Seconds for which an idle connection is kept.
  var keepAliveSeconds: Int
  /// Further requests that the connection takes; nil: no bound.
  var requestsPerConnection: Int?
  /// `Date`.
  var date: String
  /// The id that OpenAI gives to a request.
  var requestID: String

  var isEventStream: Bool { contentType?.hasPrefix("text/event-stream") ?? false }

  /// The status line.
  var statusLine: String { "HTTP/1.1 \(status) \(Self.reason(status))\r\n" }

  /// The reason phrase of RFC 9110 section 15; empty for a code without one.
  static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 422: "Unprocessable Entity"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}
