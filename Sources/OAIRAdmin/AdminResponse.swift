import OAIRHTTP1
import OAIRWire

/// An answer to an administrator: a status and JSON.
public struct AdminResponse: Sendable, Equatable {
  /// The status code, 200…599.
  public var status: Int
  /// JSON; empty with a 204.
  public var body: [UInt8]
  /// The methods of the path, for a 405.
  public var allow: String?

  /// Makes an answer.
  ///
  /// - Parameters:
  ///   - status: 200…599.
  ///   - body: JSON.
  public init(_ status: Int, _ body: [UInt8] = []) {
    self.status = status
    self.body = body
  }

  /// Makes an answer that tells of an error, in the shape of the router's other errors.
  ///
  /// - Parameters:
  ///   - status: 400…599.
  ///   - code: the stable name of the error; a line of docs/ERRORS.md.
  ///   - message: what happened, why, and what to do.
  public static func error(
    _ status: Int,
    _ code: String,
    _ message: String
  ) -> AdminResponse {
    let type =
      switch status {
      case 401: "authentication_error"
      case 503, 504: "service_unavailable_error"
      case 500...599: "server_error"
      default: "invalid_request_error"
      }
    return AdminResponse(
      status,
      ErrorEnvelope.body(.openAI, message: message, type: type, code: code, param: nil)
    )
  }

  /// The bytes of the whole answer.
  ///
  /// - Parameters:
  ///   - isClosing: the connection ends with it.
  ///   - isHead: it answers a HEAD request: the body is only announced.
  func bytes(isClosing: Bool, isHead: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\nServer: oairouter\r\n"
    if status != 204 {
      head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
    }
    head += "Cache-Control: no-store\r\n"
    if let allow { head += "Allow: \(allow)\r\n" }
    if status == 401 { head += "WWW-Authenticate: Bearer\r\n" }
    if isClosing { head += "Connection: close\r\n" }
    return Array((head + "\r\n").utf8) + (isHead ? [] : body)
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 204: "No Content"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Status"
    }
  }
}
