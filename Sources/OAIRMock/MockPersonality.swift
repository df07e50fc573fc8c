/// Which engine a fake backend passes for.
///
/// Each has the traits that a router in front of the real one has to cope with; they were recorded
/// from vLLM 0.32 and llama.cpp's server.
public enum MockPersonality: String, Sendable, CaseIterable {
  /// A service that speaks the OpenAI API by the book.
  case openai
  /// vLLM behind uvicorn.
  case vllm
  /// llama.cpp's `llama-server`.
  case llamacpp
}

extension MockPersonality {
  /// How long an idle connection is kept.
  ///
  /// vLLM and llama.cpp close after 5.00 s; only the latter says so beforehand.
  var keepAlive: Duration {
    switch self {
    case .openai: .seconds(60)
    case .vllm, .llamacpp: .seconds(5)
    }
  }

  /// How many requests a connection serves; the last answer says `Connection: close`.
  var requestsPerConnection: Int {
    switch self {
    case .openai, .vllm: .max
    case .llamacpp: 100
    }
  }

  /// Whether every 4xx and 5xx ends the connection.
  var closesAfterError: Bool { self == .llamacpp }

  /// Whether a client that shuts down its writing side still gets the rest of its stream.
  ///
  /// llama.cpp takes a half-close for a disconnect, as reverse proxies in front of services do.
  var toleratesHalfClose: Bool { self == .vllm }

  /// Whether the `model` of a request is ignored.
  var acceptsAnyModel: Bool { self == .llamacpp }

  /// Whether the terminating chunk goes out in a write of its own, behind that of the end marker.
  var writesTerminatorApart: Bool { self == .vllm }

  /// Whether the client's `X-Request-Id` becomes part of the completion's id.
  var adoptsRequestID: Bool { self == .vllm }
}
