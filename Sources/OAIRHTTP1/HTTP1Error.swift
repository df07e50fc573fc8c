/// Why a message was refused: what, where, and which status tells the sender.
public struct HTTP1Error: Error, Equatable, Sendable {
  /// What was wrong; one case per rule, so that tests and counters can tell them apart.
  public enum Kind: UInt8, Error, Sendable, CaseIterable {
    case headTooLarge, requestLineTooLong, tooManyFields, tooManyConnectionOptions
    case malformedRequestLine, invalidMethod, http2Preface
    case invalidTarget, fragmentInTarget, invalidVersion, unsupportedVersion
    case malformedStatusLine, unexpectedUpgrade
    case bareLineFeed, bareCarriageReturn, foldedLine
    case whitespaceBeforeColon, invalidFieldName, invalidFieldValue
    case missingHost, duplicateHost, invalidHost, hostMismatch
    case invalidContentLength, conflictingContentLength, lengthAndTransferEncoding
    case invalidTransferEncoding, unsupportedTransferEncoding, transferEncodingInHTTP10
    case unsupportedExpectation
    case invalidChunkSize, chunkSizeOverflow, invalidChunkExtension, chunkExtensionsTooLarge
    case missingChunkEnd, trailersTooLarge
  }

  /// What was wrong.
  public var kind: Kind
  /// Offset of the offending byte from the start of the bytes that were parsed.
  public var offset: Int
  /// The status to answer: 400, 414, 417, 431, 501 or 505; always 502 for a response.
  public var status: Int

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - kind: what was wrong.
  ///   - offset: where, in bytes from the start of what was parsed.
  ///   - isResponse: whether the message came from an upstream, so that its fault is a bad gateway.
  public init(_ kind: Kind, at offset: Int, isResponse: Bool = false) {
    self.kind = kind
    self.offset = offset
    self.status = isResponse ? 502 : kind.requestStatus
  }

  /// The rule in plain words.
  public var reason: StaticString { kind.reason }
}

extension HTTP1Error.Kind {
  /// The status for a request that is refused for this reason.
  var requestStatus: Int {
    switch self {
    case .headTooLarge, .tooManyFields, .tooManyConnectionOptions, .trailersTooLarge: 431
    case .requestLineTooLong: 414
    case .unsupportedExpectation: 417
    case .unsupportedTransferEncoding: 501
    case .unsupportedVersion: 505
    default: 400
    }
  }

  /// The rule in plain words.
  var reason: StaticString {
    switch self {
    case .headTooLarge: "the head is larger than the limit"
    case .requestLineTooLong: "the first line is longer than the limit"
    case .tooManyFields: "the head has more fields than the limit"
    case .tooManyConnectionOptions: "Connection names more fields than the limit"
    case .malformedRequestLine: "the request line is not 'method SP target SP version'"
    case .invalidMethod: "the method is not a token"
    case .http2Preface: "HTTP/2 is not spoken here"
    case .invalidTarget: "the request target is not valid"
    case .fragmentInTarget: "the request target holds a fragment"
    case .invalidVersion: "the version is not of the form HTTP/1.1"
    case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are spoken here"
    case .malformedStatusLine: "the status line is not 'version SP three digits SP reason'"
    case .unexpectedUpgrade: "101 Switching Protocols without having been asked for"
    case .bareLineFeed: "a line ends in LF without CR"
    case .bareCarriageReturn: "a CR is not followed by LF"
    case .foldedLine: "a field line begins with whitespace (obs-fold)"
    case .whitespaceBeforeColon: "whitespace between a field's name and its colon"
    case .invalidFieldName: "a field name is empty or not a token"
    case .invalidFieldValue: "a field value holds a control byte"
    case .missingHost: "an HTTP/1.1 request needs a Host field"
    case .duplicateHost: "more than one Host field"
    case .invalidHost: "the Host field is not 'host [ : port ]'"
    case .hostMismatch: "the Host field differs from the authority of the target"
    case .invalidContentLength: "Content-Length is not 1 to 19 digits that fit 63 bits"
    case .conflictingContentLength: "Content-Length fields with different values"
    case .lengthAndTransferEncoding: "Content-Length together with Transfer-Encoding"
    case .invalidTransferEncoding: "Transfer-Encoding is not exactly one 'chunked'"
    case .unsupportedTransferEncoding: "a transfer coding other than chunked"
    case .transferEncodingInHTTP10: "Transfer-Encoding in an HTTP/1.0 message"
    case .unsupportedExpectation: "an expectation other than 100-continue"
    case .invalidChunkSize: "a chunk size is not hexadecimal digits followed by CRLF or ';'"
    case .chunkSizeOverflow: "a chunk size does not fit 63 bits"
    case .invalidChunkExtension: "a chunk extension holds a control byte"
    case .chunkExtensionsTooLarge: "chunk extensions outweigh the payload by more than the limit"
    case .missingChunkEnd: "chunk data is not followed by CRLF"
    case .trailersTooLarge: "the trailer section is larger than the limit"
    }
  }
}
