import OAIRHTTP1
import OAIRSys

/// Reads one request after the other out of what a connection brings: head, key, body.
///
/// Sans-I/O; owned by one connection, on the admin thread.
///
///     head ── key ──► body ──► request        anything that breaks a rule or a bound ──► refused
struct RequestReader: ~Copyable {
  enum Progress: Equatable {
    /// More bytes are needed; the client may have to be told that its body is wanted.
    case more(owesContinue: Bool)
    case request(AdminRequest, keepsAlive: Bool)
    /// Answer this and close: where the next request begins isn't known.
    case refused(AdminResponse)
  }

  /// What the next request has to show; nil: nothing.
  var key: AdminKey?
  private let limits: HTTP1Limits
  private var pending = ByteQueue()
  private var scanned = 0
  private var request: AdminRequest?
  private var keepsAlive = false
  private var framing = MessageFraming.none
  private var decoder = ChunkedDecoder(limits: HTTP1Limits())

  init(key: AdminKey? = nil) {
    self.key = key
    var limits = HTTP1Limits()
    limits.head = AdminLimits.head
    self.limits = limits
  }

  /// Nothing of a request has come yet.
  var isIdle: Bool { request == nil && pending.isEmpty }

  /// Takes bytes in.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) { pending.append(bytes) }

  /// Goes on with what there is.
  mutating func next(_ table: inout HeadTable) -> Progress {
    var owesContinue = false
    if request == nil {
      let parsed = RequestHeadParser.parse(
        pending.bytes,
        previouslyScanned: scanned,
        into: &table,
        limits: limits
      )
      switch parsed {
      case .needMore:
        scanned = pending.count
        return .more(owesContinue: false)
      case .failed(let error): return .refused(Self.refusal(error))
      case .head(let head):
        if let refusal = admit(head, table) { return .refused(refusal) }
        owesContinue = begin(head)
      }
    }
    return readBody(owesContinue)
  }

  private func admit(_ head: RequestHead, _ table: borrowing HeadTable) -> AdminResponse? {
    if let key {
      let field = table.first(.authorization)
      let value = field.map { UnsafeRawBufferPointer(rebasing: pending.bytes[$0.value.range]) }
      guard let value, key.isShown(by: value) else {
        return .error(
          401,
          "invalid_api_key",
          value == nil
            ? "The admin listener asks for its key: send 'Authorization: Bearer KEY', "
              + "or use --admin-key-file."
            : "That isn't the admin listener's key (--admin-key-file)."
        )
      }
    }
    if case .length(let length) = head.framing, length > AdminLimits.body {
      return Self.tooLarge
    }
    if head.hasContentEncoding {
      return .error(
        415,
        "unsupported_content_encoding",
        "The body has a Content-Encoding. Send the JSON as it is."
      )
    }
    return nil
  }

  private mutating func begin(_ head: RequestHead) -> Bool {
    request = AdminRequest(
      text(head.methodRange),
      text(head.path),
      query: text(head.query)
    )
    keepsAlive = head.isKeepAlive && head.minorVersion > 0
    framing = head.framing
    if framing == .chunked { decoder = ChunkedDecoder(limits: limits) }
    pending.consume(head.length)
    scanned = 0
    return head.expectsContinue && pending.isEmpty
  }

  private func text(_ range: ByteRange) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: pending.bytes[range.range]), as: UTF8.self)
  }

  private mutating func readBody(_ owesContinue: Bool) -> Progress {
    switch framing {
    case .none, .untilClose: return end()
    case .length(let length):
      let missing = length - (request?.body.count ?? 0)
      let count = min(missing, pending.count)
      request?.body.append(contentsOf: pending.bytes[..<count])
      pending.consume(count)
      return count == missing ? end() : .more(owesContinue: owesContinue)
    case .chunked: return readChunks(owesContinue)
    }
  }

  private mutating func readChunks(_ owesContinue: Bool) -> Progress {
    var offset = 0
    while true {
      switch decoder.next(pending.bytes, at: &offset) {
      case .payload(let range):
        guard (request?.body.count ?? 0) + range.count <= AdminLimits.body else {
          return .refused(Self.tooLarge)
        }
        request?.body.append(contentsOf: pending.bytes[range])
      case .lastChunk: continue
      case .end:
        pending.consume(offset)
        return end()
      case .needMore:
        pending.consume(offset)
        return .more(owesContinue: owesContinue)
      case .failed(let error): return .refused(Self.refusal(error))
      }
    }
  }

  private mutating func end() -> Progress {
    let whole = request ?? AdminRequest("GET", "/")
    request = nil
    return .request(whole, keepsAlive: keepsAlive)
  }

  private static var tooLarge: AdminResponse {
    .error(
      413,
      "request_too_large",
      "The body is larger than \(AdminLimits.body) bytes, the limit of the admin listener."
    )
  }

  private static func refusal(_ error: HTTP1Error) -> AdminResponse {
    let code = error.status == 414 || error.status == 431 ? "request_too_large" : "bad_request"
    let message = "The request isn't taken: \(error.reason), at byte \(error.offset)."
    return .error(error.status, code, message)
  }
}
