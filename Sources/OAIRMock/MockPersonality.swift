/// Which engine a fake backend passes for.
///
/// Each has the traits that a router in front of the real one has to cope with; they were recorded
/// from vLLM 0.32 and llama.cpp's server, and taken from Ollama's documentation and source.
public enum MockPersonality: String, Sendable, CaseIterable {
  /// A service that speaks the OpenAI API by the book.
  case openai
  /// vLLM behind uvicorn.
  case vllm
  /// llama.cpp's `llama-server`.
  case llamacpp
  /// Ollama.
  case ollama
}

extension MockPersonality {
  /// How long an idle connection is kept.
  ///
  /// vLLM and llama.cpp close after 5.00 s; only the latter says so beforehand.
  var keepAlive: Duration {
    switch self {
    case .openai: .seconds(60)
    case .vllm, .llamacpp: .seconds(5)
    // Go's server has no such bound of its own.
    case .ollama: .seconds(3600)
    }
  }

  /// How many requests a connection serves; the last answer says `Connection: close`.
  var requestsPerConnection: Int {
    switch self {
    case .openai, .vllm, .ollama: .max
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

  /// Whether a streamed answer's head goes out although the request waits for its turn.
  ///
  /// vLLM's does at once, the role event with it; llama.cpp's comes when a slot is free.
  var answersWhileQueued: Bool { self == .vllm || self == .openai }

  /// Whether a streamed answer's head comes with the first token and not before.
  var headWaitsForToken: Bool { self == .ollama }

  /// What happens at its start while the model is being loaded.
  var loading: Loading {
    switch self {
    case .openai, .vllm: .closedPort
    case .llamacpp: .status503
    case .ollama: .insideRequest
    }
  }

  enum Loading: Equatable {
    /// Connections are refused until it is ready.
    case closedPort
    /// Every path answers 503.
    case status503
    /// Each model is loaded by the first request that names it.
    case insideRequest
  }

  /// What becomes of requests under way when it is asked to end.
  var termination: Termination {
    switch self {
    case .openai, .ollama: .cut
    case .vllm: .error
    case .llamacpp: .stall
    }
  }

  enum Termination: Equatable {
    /// Connections are closed as they are.
    case cut
    /// Streams get an error event and their regular end, the others an error status.
    case error
    /// Nothing more is sent; the process waits for its clients to leave.
    case stall
  }

  /// Whether the terminating chunk goes out in a write of its own, behind that of the end marker.
  var writesTerminatorApart: Bool { self == .vllm }

  /// Whether the client's `X-Request-Id` becomes part of the completion's id.
  var adoptsRequestID: Bool { self == .vllm }
}
