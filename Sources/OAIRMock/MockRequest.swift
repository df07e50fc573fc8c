import OAIRHTTP1

/// A request as far as a fake backend looks at it.
struct MockRequest {
  /// What turns a fault on for one request alone.
  static let faultField = "x-mock-fault"
  /// What vLLM makes a completion's id of.
  static let requestIDField = "x-request-id"

  var method: HTTPMethod
  var methodName: String
  var path: String
  var contentKind: ContentKind
  /// `Content-Type`.
  var contentType: String?
  var minorVersion: UInt8
  var isKeepAlive: Bool
  var requestID: String?
  var fault: String?
  /// The head's bytes, if requests are recorded.
  var recordedHead: [UInt8] = []
  var body: [UInt8] = []

  /// Copies what is needed of a head.
  ///
  /// - Parameters:
  ///   - head: what the parser made of `bytes`.
  ///   - table: the fields that it found there.
  ///   - isRecorded: whether the head's bytes are kept.
  init(
    _ head: RequestHead,
    in bytes: UnsafeRawBufferPointer,
    _ table: borrowing HeadTable,
    isRecorded: Bool
  ) {
    func text(_ range: ByteRange) -> String { String(decoding: bytes[range.range], as: UTF8.self) }
    method = head.method
    methodName = text(head.methodRange)
    path = text(head.path)
    contentKind = head.contentKind
    minorVersion = head.minorVersion
    isKeepAlive = head.isKeepAlive
    for index in 0..<table.count {
      let field = table[index]
      switch text(field.name).lowercased() {
      case Self.faultField: fault = text(field.value)
      case Self.requestIDField: requestID = text(field.value)
      case "content-type": contentType = text(field.value)
      default: break
      }
    }
    if isRecorded { recordedHead = Array(bytes[..<head.length]) }
  }
}
