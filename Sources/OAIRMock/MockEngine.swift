import OAIRHTTP1

/// What to answer to a request, without sockets or clocks.
struct MockEngine {
  /// An answer, and how much work precedes it.
  enum Answer {
    /// In one piece, when the work is done.
    case document(Document, work: Duration)
    /// A head at once, then events.
    case stream(EventScript)
  }

  private let options: MockOptions
  private let dialect: any Dialect
  private var identity: MockIdentity
  /// When the models were loaded, in seconds since 1970.
  private let loadedAt: Int

  init(_ options: MockOptions) {
    precondition(!options.models.isEmpty, "a backend needs a model")
    self.options = options
    dialect = options.personality.dialect
    identity = MockIdentity(isReproducible: options.isReproducible, seed: options.seed)
    loadedAt = identity.seconds
  }

  // MARK: - Requests

  /// Answers a complete request.
  ///
  /// - Parameter isLoading: whether the engine isn't ready yet.
  mutating func answer(_ request: MockRequest, isLoading: Bool) -> Answer {
    let route = MockRoute(request.path, options.personality)
    if isLoading, options.personality == .llamacpp { return refusal(.loading) }
    guard route != .unknown else {
      return refusal(.unknownPath(method: request.methodName, path: request.path))
    }
    guard route.accepts(request.method) else {
      let allowed = route.method == .post ? "POST" : "GET"
      return refusal(
        .wrongMethod(method: request.methodName, path: request.path, allowed: allowed)
      )
    }
    switch route {
    case .models: return answer(.json(dialect.models(options.models, created: loadedAt)))
    case .model(let name): return answerModel(name)
    case .health: return answer(health)
    case .version: return answer(.json(Array(#"{"version":"0.32.0"}"#.utf8)))
    case .chat, .completion, .embeddings: return answerInference(request, route)
    case .unknown: return refusal(.unknownPath(method: request.methodName, path: request.path))
    }
  }

  private func answer(_ document: Document) -> Answer { .document(document, work: .zero) }

  private func refusal(_ failure: MockFailure) -> Answer { answer(dialect.document(failure)) }

  private func answerModel(_ name: String) -> Answer {
    guard options.models.contains(name), let body = dialect.model(name, created: loadedAt) else {
      return refusal(.unknownModel(name, known: options.models))
    }
    return answer(.json(body))
  }

  private var health: Document {
    switch options.personality {
    case .vllm: Document()
    case .openai, .llamacpp: .json(Array(#"{"status":"ok"}"#.utf8))
    }
  }

  private mutating func answerInference(_ request: MockRequest, _ route: MockRoute) -> Answer {
    // vLLM is strict about it; llama.cpp doesn't look.
    if options.personality == .vllm, request.contentKind != .json {
      return refusal(.wrongContentType)
    }
    let wanted: InferenceRequest
    do {
      wanted = try InferenceRequest(request.body)
    } catch {
      return refusal(.invalidJSON(error))
    }
    if let missing = missingMember(wanted, route) { return refusal(.missingMember(missing)) }
    guard let model = servedModel(wanted.model) else {
      return refusal(.unknownModel(wanted.model ?? "", known: options.models))
    }
    let promptTokens = max(1, request.body.count / 4)
    if route == .embeddings { return answerEmbeddings(wanted, model, promptTokens) }
    return answerCompletion(request, wanted, model, promptTokens, route == .chat ? .chat : .text)
  }

  private func missingMember(_ wanted: InferenceRequest, _ route: MockRoute) -> String? {
    switch route {
    case .chat where !wanted.hasMessages: "messages"
    case .completion where !wanted.hasPrompt: "prompt"
    case .embeddings where !wanted.hasInput: "input"
    case _ where wanted.model == nil && options.personality == .openai: "model"
    default: nil
    }
  }

  /// The model that answers, nil when the engine has none of that name.
  ///
  /// vLLM takes its first model when the request names none.
  private func servedModel(_ name: String?) -> String? {
    guard let name, !options.personality.acceptsAnyModel else { return options.models.first }
    return options.models.contains(name) ? name : nil
  }

  private mutating func answerCompletion(
    _ request: MockRequest,
    _ wanted: InferenceRequest,
    _ model: String,
    _ promptTokens: Int,
    _ kind: Completion.Kind
  ) -> Answer {
    let count = min(options.tokens, wanted.maximumTokens ?? .max)
    let tokenTime = options.interTokenLatency * max(count - 1, 0)
    var completion = Completion(
      kind: kind,
      id: dialect.id(for: kind, &identity),
      created: identity.seconds,
      model: model,
      tokenCount: count,
      promptTokens: promptTokens,
      isCutShort: wanted.maximumTokens.map { $0 <= options.tokens } ?? false,
      includesUsage: wanted.includesUsage,
      promptMilliseconds: options.timeToFirstToken.milliseconds,
      tokenMilliseconds: tokenTime.milliseconds
    )
    if options.personality.adoptsRequestID, let requestID = request.requestID {
      completion.id = (kind == .chat ? "chatcmpl-" : "cmpl-") + requestID
    }
    if wanted.isStream { return .stream(dialect.script(completion)) }
    return .document(
      .json(dialect.document(completion)),
      work: options.timeToFirstToken + tokenTime
    )
  }

  private mutating func answerEmbeddings(
    _ wanted: InferenceRequest,
    _ model: String,
    _ promptTokens: Int
  ) -> Answer {
    let embeddings = Embeddings(
      id: "embd-" + identity.hexadecimal(16),
      created: identity.seconds,
      model: model,
      promptTokens: promptTokens,
      vectors: (0..<wanted.inputCount).map {
        Embeddings.vector($0, dimensions: options.embeddingDimensions)
      },
      isBase64: wanted.wantsBase64
    )
    return .document(.json(dialect.document(embeddings)), work: options.timeToFirstToken)
  }

  // MARK: - Bytes

  /// The error document of a refusal that the server itself decides on.
  func document(_ failure: MockFailure) -> Document { dialect.document(failure) }

  /// The head's bytes.
  ///
  /// - Parameters:
  ///   - document: its status, type and fields are used.
  ///   - framing: how the body ends.
  ///   - isKeepAlive: whether the connection stays open.
  mutating func head(
    _ document: Document,
    _ framing: AnswerHead.Framing,
    isKeepAlive: Bool
  ) -> [UInt8] {
    let most = options.personality.requestsPerConnection
    return dialect.head(
      AnswerHead(
        status: document.status,
        contentType: document.contentType,
        framing: framing,
        fields: document.fields,
        isKeepAlive: isKeepAlive,
        keepAliveSeconds: Int(options.keepAliveTime.components.seconds),
        requestsPerConnection: most == .max ? nil : most,
        date: HTTPDate.render(identity.seconds),
        requestID: options.personality == .openai ? "req_" + identity.hexadecimal(32) : ""
      )
    )
  }
}

extension MockOptions {
  /// How long an idle connection is kept.
  var keepAliveTime: Duration { keepAlive ?? personality.keepAlive }
}
