/// A failure as a value: what happened, on whose side.
///
/// `ErrorResponses.swift` has the words.
struct GatewayError {
  /// Every answer of our own that isn't a success; one line of docs/ERRORS.md each.
  enum Kind: CaseIterable {
    case badRequest, requestLineTooLong, headTooLarge, methodNotAllowed, unsupportedTransfer
    case requestTimeout, bodyTooLarge, bodyMemoryExhausted, contentEncoding
    case invalidJSON, missingModel, modelNotAString, modelTooLong, duplicateModel
    case unsupportedEndpoint, modelNotFound
    case noHealthyBackend, modelLoading
    case upstreamError, upstreamProtocol, backendLostTwice, upstreamTimeout
    case draining
  }

  /// Who is the cause, for logs and metrics.
  enum Side { case downstream, upstream, `internal` }

  let kind: Kind
  /// What is put into the text: a number, a name, a list.
  var detail = ""
  /// What else is put into it.
  var advice = ""

  init(_ kind: Kind, _ detail: String = "", advice: String = "") {
    self.kind = kind
    self.detail = detail
    self.advice = advice
  }

  var side: Side {
    switch kind {
    case .noHealthyBackend, .modelLoading, .upstreamError, .upstreamProtocol, .backendLostTwice,
      .upstreamTimeout:
      .upstream
    case .bodyMemoryExhausted, .draining: .internal
    default: .downstream
    }
  }
}
