/// A failure: what happened, on whose side.
///
/// `ErrorResponses.swift` has the words. A reference, because it is rare: the many functions that
/// may return one, and nearly never do, hand on a word instead of seven.
final class GatewayError: Sendable {
  /// Every answer of our own that isn't a success; one line of docs/ERRORS.md each.
  enum Kind: CaseIterable, Sendable {
    case badRequest, requestLineTooLong, headTooLarge, methodNotAllowed, unsupportedTransfer
    case requestTimeout, bodyTooLarge, bodyMemoryExhausted, contentEncoding
    case invalidJSON, invalidForm, missingModel, modelNotAString, modelTooLong, duplicateModel
    case unsupportedEndpoint, upgradeRequired, modelNotFound, loop, originNotAllowed, hostNotAllowed
    case missingKey, invalidKey, modelNotAllowed, keyRateLimit, keyConcurrencyLimit
    case metricsNotAllowed, metricsBusy
    case noHealthyBackend, modelLoading, modelsUnknown
    case queueFull, queueTimeout
    case upstreamError, upstreamErrorOnce, upstreamAnswer, upstreamProtocol
    case backendLostTwice, upstreamTimeout
    case draining
  }

  let kind: Kind
  /// What is put into the text: a number, a name, a list.
  let detail: String
  /// What else is put into it.
  let advice: String
  /// Seconds after which it may be worth to come again, where that is known better than by kind.
  let retryAfter: Int?

  init(_ kind: Kind, _ detail: String = "", advice: String = "", retryAfter: Int? = nil) {
    self.kind = kind
    self.detail = detail
    self.advice = advice
    self.retryAfter = retryAfter
  }

  /// What stands at so many bytes is a `model` to some backends, and nothing to others.
  static func misspelledModel(_ offset: Int) -> GatewayError {
    GatewayError(
      .missingModel,
      advice: "What stands at byte \(offset) isn't read alike by all backends: write it \"model\"."
    )
  }

  /// Another model's name is to stand in the request, which names its own more than once.
  static var repeatedModel: GatewayError { GatewayError(.duplicateModel) }
}
