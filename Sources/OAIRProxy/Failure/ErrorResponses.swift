import OAIRWire

/// The one table of the router's own errors: status, type, code and the words that a user reads.
///
/// Each text says what happened, why, and what to do next. docs/ERRORS.md lists them; a golden test
/// pins them.
struct ErrorResponse: Equatable {
  let status: Int
  let type: StaticText
  let code: StaticText
  var param: StaticText?
  let message: String
  /// Seconds for `Retry-After`, at most 60: SDKs sleep as long as they are told.
  var retryAfter: Int?
  /// `x-should-retry: false`: trying again would do the work twice, or never helps.
  var forbidsRetry = false
  /// The connection can't be used again: where the next request begins isn't known.
  var closes = false
  /// The `Allow` field of a 405.
  var allow: StaticText?

  init(_ error: GatewayError) {
    (status, type, code) = Self.line(error.kind)
    message = Self.message(error)
    decorate(error.kind)
    if let seconds = error.retryAfter { retryAfter = min(max(seconds, 1), 60) }
  }

  private mutating func decorate(_ kind: GatewayError.Kind) {
    switch kind {
    case .badRequest, .requestLineTooLong, .headTooLarge, .unsupportedTransfer, .requestTimeout:
      closes = true
    case .bodyTooLarge, .contentEncoding: closes = true
    case .bodyMemoryExhausted:
      closes = true
      retryAfter = 1
    case .missingModel, .modelNotAString, .modelTooLong, .duplicateModel, .modelNotFound:
      param = "model"
    case .methodNotAllowed: allow = "GET, HEAD"
    case .unsupportedEndpoint, .upgradeRequired: forbidsRetry = true
    case .loop, .originNotAllowed, .hostNotAllowed: forbidsRetry = true
    case .missingKey, .invalidKey, .metricsNotAllowed: break
    case .modelNotAllowed: param = "model"
    case .keyRateLimit, .keyConcurrencyLimit, .metricsBusy: retryAfter = 1
    case .noHealthyBackend, .modelsUnknown: retryAfter = 2
    case .queueFull, .queueTimeout: retryAfter = 1
    case .modelLoading: retryAfter = 5
    case .backendLostTwice, .upstreamTimeout, .upstreamErrorOnce: forbidsRetry = true
    case .draining:
      closes = true
      retryAfter = 5
    case .invalidJSON, .invalidForm, .upstreamError, .upstreamAnswer, .upstreamProtocol: break
    }
  }

  private static func line(_ kind: GatewayError.Kind) -> (Int, StaticText, StaticText) {
    switch kind {
    case .badRequest: (400, "invalid_request_error", "bad_request")
    case .requestLineTooLong: (414, "invalid_request_error", "request_too_large")
    case .headTooLarge: (431, "invalid_request_error", "request_too_large")
    case .methodNotAllowed: (405, "invalid_request_error", "method_not_allowed")
    case .unsupportedTransfer: (501, "invalid_request_error", "bad_request")
    case .requestTimeout: (408, "invalid_request_error", "request_timeout")
    case .bodyTooLarge: (413, "invalid_request_error", "request_too_large")
    case .bodyMemoryExhausted: (503, "service_unavailable_error", "body_memory_exhausted")
    case .contentEncoding: (415, "invalid_request_error", "unsupported_content_encoding")
    case .invalidJSON: (400, "invalid_request_error", "invalid_json")
    case .invalidForm: (400, "invalid_request_error", "invalid_form")
    case .missingModel: (400, "invalid_request_error", "missing_required_parameter")
    case .modelNotAString, .modelTooLong: (400, "invalid_request_error", "invalid_model_field")
    case .duplicateModel: (400, "invalid_request_error", "duplicate_model_field")
    case .unsupportedEndpoint: (404, "invalid_request_error", "unsupported_endpoint")
    case .upgradeRequired: (426, "invalid_request_error", "upgrade_required")
    case .modelNotFound: (404, "invalid_request_error", "model_not_found")
    case .originNotAllowed: (403, "permission_error", "origin_not_allowed")
    case .hostNotAllowed: (403, "permission_error", "host_not_allowed")
    case .missingKey, .invalidKey: (401, "authentication_error", "invalid_api_key")
    case .modelNotAllowed: (403, "permission_error", "model_not_allowed")
    case .keyRateLimit: (429, "rate_limit_error", "rate_limit_exceeded")
    case .keyConcurrencyLimit: (429, "rate_limit_error", "concurrency_limit_exceeded")
    case .metricsNotAllowed: (403, "permission_error", "metrics_not_allowed")
    case .metricsBusy: (503, "service_unavailable_error", "metrics_busy")
    case .loop: (508, "invalid_request_error", "loop_detected")
    case .noHealthyBackend, .modelsUnknown:
      (503, "service_unavailable_error", "no_healthy_backend")
    case .modelLoading: (503, "service_unavailable_error", "model_loading")
    case .queueFull: (503, "service_unavailable_error", "queue_full")
    case .queueTimeout: (503, "service_unavailable_error", "queue_timeout")
    case .upstreamError, .upstreamErrorOnce, .upstreamProtocol:
      (502, "server_error", "upstream_error")
    case .upstreamAnswer: (502, "server_error", "upstream_answer")
    case .backendLostTwice: (502, "server_error", "backend_lost_twice")
    case .upstreamTimeout: (504, "server_error", "upstream_timeout")
    case .draining: (503, "service_unavailable_error", "draining")
    }
  }

  private static func message(_ error: GatewayError) -> String {
    let detail = error.detail
    switch error.kind {
    case .badRequest:
      return "The request isn't valid HTTP/1.1: \(detail). The connection is closed."
    case .requestLineTooLong:
      return "The request line is longer than \(detail) bytes. Put parameters into the body."
    case .headTooLarge:
      return "The request head breaks a limit: \(detail). Send fewer or shorter header fields."
    case .methodNotAllowed:
      return "This path doesn't take the method \(detail). Use one that the Allow header names."
    case .unsupportedTransfer:
      return "The request's transfer coding isn't supported: \(detail). Use chunked or a length."
    case .requestTimeout:
      return "The request didn't arrive whole: \(detail). Send it again without pauses."
    case .bodyTooLarge:
      return "The request body is larger than the limit of \(detail) bytes (limits.body)."
    case .bodyMemoryExhausted:
      return "The memory for request bodies is in use: \(detail) bytes (limits.bodies_total). "
        + "Try again in a moment."
    case .contentEncoding:
      return "Request bodies with a Content-Encoding can't be routed. Send the JSON as it is."
    case .invalidJSON:
      let problem = error.advice.isEmpty ? "it goes wrong at byte \(detail)" : error.advice
      return "The request body isn't a valid JSON object: \(problem)."
    case .invalidForm:
      return "The request body isn't a valid multipart form: \(detail)."
    case .missingModel, .modelNotAString, .modelTooLong, .duplicateModel:
      return modelMessage(error)
    case .unsupportedEndpoint:
      let advice = error.advice.isEmpty ? "" : " \(error.advice)"
      return "No backend behind this router serves \(detail).\(advice)"
    case .upgradeRequired:
      return "\(detail) is a WebSocket: ask for it with GET, 'Connection: Upgrade' and "
        + "'Upgrade: websocket'."
    case .modelNotFound:
      return "The model '\(detail)' doesn't exist here. \(error.advice)"
    case .originNotAllowed, .hostNotAllowed, .loop: return guardMessage(error)
    case .missingKey, .invalidKey, .modelNotAllowed, .keyRateLimit, .keyConcurrencyLimit,
      .metricsNotAllowed, .metricsBusy:
      return keyMessage(error)
    case .modelsUnknown:
      return "The model '\(detail)' isn't known yet: \(error.advice) hasn't told its models so "
        + "far. Try again in a moment, or see 'oairouter status'."
    case .noHealthyBackend:
      return "No healthy backend for \(detail): \(error.advice). "
        + "See 'oairouter status'."
    case .modelLoading:
      return "No backend is ready yet for \(detail): \(error.advice). Try again in a moment."
    case .queueFull, .queueTimeout: return queueMessage(error)
    case .upstreamError, .upstreamErrorOnce, .upstreamAnswer, .upstreamProtocol, .backendLostTwice,
      .upstreamTimeout:
      return upstreamMessage(error)
    case .draining:
      return "The router is shutting down. Try again in a moment."
    }
  }

  /// What has become of the backend that was asked last.
  private static func upstreamMessage(_ error: GatewayError) -> String {
    let detail = error.detail
    switch error.kind {
    case .upstreamError where !error.advice.isEmpty:
      return "The backend \(detail) \(error.advice)"
    case .upstreamError:
      return "The backend \(detail) was lost before it answered, and no other one could take over."
    case .upstreamErrorOnce:
      return "The backend \(detail) was lost while it worked on this request. Requests to this "
        + "path may change something there, so it isn't sent again: look what has become of it."
    case .upstreamAnswer:
      return "The backend \(detail), which took over after the stream had begun, answered "
        + error.advice
    case .upstreamProtocol:
      return "The backend \(detail) sent something that isn't a valid HTTP/1.1 response."
    case .backendLostTwice:
      return "Two backends were lost while they worked on this request, the last one was "
        + "\(detail). It isn't sent to a third."
    default:
      return "The backend \(detail) didn't answer within its deadline. It may still be working on "
        + "the request."
    }
  }

  /// What is wrong with the name of the model.
  private static func modelMessage(_ error: GatewayError) -> String {
    let detail = error.detail
    switch error.kind {
    case .modelNotAString:
      return "The value of \"model\" at byte \(detail) isn't a string."
    case .modelTooLong:
      return "The value of \"model\" at byte \(detail) is longer than 512 bytes."
    case .duplicateModel where detail.isEmpty:
      return "The request has \"model\" more than once, and another model is served for it (an "
        + "alias). Send one."
    case .duplicateModel:
      return "The request has two different values of \"model\", the second at byte \(detail). "
        + "Send one."
    default:
      return "The request has no top-level \"model\". \(error.advice)"
    }
  }

  /// What is refused because all others came first.
  private static func queueMessage(_ error: GatewayError) -> String {
    let model = "Each backend of the model '\(error.detail)' works on as many requests as it may"
    if error.kind == .queueFull {
      return "\(model), and \(error.advice) requests wait for a place already (queue.max). Try "
        + "again when Retry-After says so."
    }
    return "\(model), and none had a place for this one within \(error.advice) (queue.timeout). "
      + "Try again when Retry-After says so."
  }

  /// What is refused for who asks.
  private static func keyMessage(_ error: GatewayError) -> String {
    let detail = error.detail
    switch error.kind {
    case .missingKey:
      return "This router wants an API key. Send one as 'Authorization: Bearer KEY' or as "
        + "'x-api-key: KEY'."
    case .modelNotAllowed where error.detail.isEmpty:
      return "This API key may not use the model that requests without one go to. Name one that it "
        + "may use: GET /v1/models lists them."
    case .modelNotAllowed:
      return "This API key may not use the model '\(detail)'. Ask for one that it may use, or have "
        + "the key's list of models changed (keys.models)."
    case .keyRateLimit:
      return "This API key may make \(detail) requests a minute (keys.requests_per_minute). Try "
        + "again when Retry-After says so."
    case .keyConcurrencyLimit:
      return "This API key may have \(detail) requests running at a time (keys.concurrent). Wait "
        + "until one has ended."
    case .metricsNotAllowed:
      return
        "Metrics are for programs on the router's own machine. From elsewhere they need one of "
        + "the router's API keys, and it has none (keys)."
    case .metricsBusy:
      return "\(detail) others are looking at the metrics at this moment. Try again in a second."
    default:
      return "What was sent as API key is none of this router's keys. Check it for missing or "
        + "further characters."
    }
  }

  /// What is refused for where it comes from.
  private static func guardMessage(_ error: GatewayError) -> String {
    let detail = error.detail
    switch error.kind {
    case .originNotAllowed:
      return "Pages of the origin '\(detail)' may not use this router. Allow it with cors.origins."
    case .hostNotAllowed:
      return "The router isn't called '\(detail)'. Use localhost or an address, or allow the name "
        + "with allowed_hosts."
    default:
      return "The request has come through oairouter \(detail) times: it goes round in circles. "
        + "A backend of one of the routers leads back to another one."
    }
  }

  /// The body in the shape that clients of a family know.
  func body(_ shape: ErrorShape) -> [UInt8] {
    ErrorEnvelope.body(
      shape,
      message: message,
      type: type.text,
      code: code.text,
      param: param?.text
    )
  }
}

/// A literal that can be compared and used as a header value without being copied.
struct StaticText: Equatable, ExpressibleByStringLiteral, Sendable {
  let value: StaticString

  init(stringLiteral value: StaticString) { self.value = value }

  var text: String { value.description }

  static func == (a: StaticText, b: StaticText) -> Bool { a.text == b.text }
}
