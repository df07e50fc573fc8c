import OAIRHTTP1

// What is POSTed to a model.

extension MockEngine {
  /// What a request asks for.
  ///
  /// - Returns: nil when its path or body is none that the engine reads.
  func wanted(by request: MockRequest) -> (MockRoute, InferenceRequest)? {
    let route = MockRoute(request.path, options.personality)
    guard route.method == .post, let wanted = try? parse(request) else { return nil }
    return (route, wanted)
  }

  private func parse(_ request: MockRequest) throws(JSONFault) -> InferenceRequest {
    guard request.contentKind == .multipart, let type = request.contentType,
      let boundary = FormReader.boundary(type)
    else { return try InferenceRequest(request.body) }
    return InferenceRequest(form: request.body, boundary: boundary)
  }

  mutating func answerInference(
    _ request: MockRequest,
    _ route: MockRoute,
    _ state: State
  ) -> Answer {
    // vLLM is strict about it; llama.cpp doesn't look.
    let isReadable = request.contentKind == .json || request.contentKind == .multipart
    if options.personality == .vllm, !isReadable { return refusal(.wrongContentType, on: route) }
    let wanted: InferenceRequest
    do {
      wanted = try parse(request)
    } catch {
      return refusal(.invalidJSON(error), on: route)
    }
    if let missing = wanted.missingMember(on: route, options.personality) {
      return refusal(.missingMember(missing), on: route)
    }
    guard let served = servedModel(wanted.model) else {
      return refusal(.unknownModel(wanted.model ?? "", known: options.models), on: route)
    }
    // Ollama repeats what it was asked for.
    let model = options.personality == .ollama ? wanted.model ?? served : served
    let promptTokens = max(1, request.body.count / 4)
    switch route {
    case .embeddings, .ollamaEmbed, .ollamaEmbeddings:
      return answerEmbeddings(wanted, model, promptTokens, route)
    case .ollamaShow:
      return answer(json(OllamaDialect.show(model, created: loadedAt), route))
    default: break
    }
    guard let kind = route.kind else {
      return answerTask(wanted, model, promptTokens, route)
    }
    return answerCompletion(request, wanted, model, promptTokens, kind, state)
  }

  /// The model that answers, nil when the engine has none of that name.
  ///
  /// vLLM takes its first model when the request names none.
  private func servedModel(_ name: String?) -> String? {
    guard let name, !options.personality.acceptsAnyModel else { return options.models.first }
    return served(name)
  }

  /// The model of that name, as the options have it; Ollama's tag `latest` needn't be said.
  func served(_ name: String) -> String? {
    guard options.personality == .ollama else {
      return options.models.contains(name) ? name : nil
    }
    return options.models.first { OllamaDialect.tagged($0) == OllamaDialect.tagged(name) }
  }

  private mutating func answerCompletion(
    _ request: MockRequest,
    _ wanted: InferenceRequest,
    _ model: String,
    _ promptTokens: Int,
    _ kind: Completion.Kind,
    _ state: State
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
      maximumTokens: wanted.maximumTokens,
      includesUsage: wanted.includesUsage,
      promptMilliseconds: options.timeToFirstToken.milliseconds,
      tokenMilliseconds: tokenTime.milliseconds,
      loadMilliseconds: state.loadTime.milliseconds
    )
    if kind == .response { completion.itemID = dialect.itemID(&identity) }
    if options.personality.adoptsRequestID, let requestID = request.requestID {
      completion.id = dialect.idPrefix(for: kind) + requestID
    }
    if wanted.onlyLoads(kind) {
      return answer(json(OllamaDialect.loaded(completion), .ollamaChat))
    }
    let isStream = wanted.isStream || kind.isOllama && !wanted.saysStream
    if isStream { return .stream(dialect.script(completion)) }
    return .document(
      json(dialect.document(completion), kind.isOllama ? .ollamaChat : .chat),
      work: options.timeToFirstToken + tokenTime
    )
  }

  private mutating func answerEmbeddings(
    _ wanted: InferenceRequest,
    _ model: String,
    _ promptTokens: Int,
    _ route: MockRoute
  ) -> Answer {
    let embeddings = Embeddings(
      route: route,
      id: "embd-" + identity.hexadecimal(16),
      created: identity.seconds,
      model: model,
      promptTokens: promptTokens,
      vectors: (0..<(route == .ollamaEmbeddings ? 1 : wanted.inputCount)).map {
        Embeddings.vector($0, dimensions: options.embeddingDimensions)
      },
      isBase64: wanted.wantsBase64
    )
    let document = json(dialect.document(embeddings), route)
    return .document(document, work: options.timeToFirstToken)
  }

  private mutating func answerTask(
    _ wanted: InferenceRequest,
    _ model: String,
    _ promptTokens: Int,
    _ route: MockRoute
  ) -> Answer {
    let task = PlainTask(
      route: route,
      id: identity.hexadecimal(16),
      created: identity.seconds,
      model: model,
      promptTokens: promptTokens,
      tokenCount: options.tokens,
      request: wanted
    )
    if let script = dialect.script(task) { return .stream(script) }
    let isCounting = route == .countTokens || route == .inputTokens || route == .tokenize
    return .document(dialect.document(task), work: isCounting ? .zero : options.timeToFirstToken)
  }
}

extension Completion.Kind {
  /// Whether it is one of Ollama's own.
  var isOllama: Bool { self == .ollamaChat || self == .ollamaGenerate }
}

extension InferenceRequest {
  /// Whether nothing is to be said: the model is only to be loaded.
  fileprivate func onlyLoads(_ kind: Completion.Kind) -> Bool {
    switch kind {
    case .ollamaChat: !isConversation
    case .ollamaGenerate: text?.isEmpty ?? true
    default: false
    }
  }

  /// A member that the path can't do without, and the body lacks.
  fileprivate func missingMember(
    on route: MockRoute,
    _ personality: MockPersonality
  ) -> String? {
    switch route {
    case .chat where !hasMessages, .messages where !hasMessages, .countTokens where !hasMessages:
      return "messages"
    case .completion where !hasPrompt: return "prompt"
    case .embeddings where !hasInput, .responses where !hasInput, .moderations where !hasInput,
      .speech where !hasInput, .classify where !hasInput, .ollamaEmbed where !hasInput:
      return "input"
    case .ollamaEmbeddings where !hasPrompt, .images where !hasPrompt: return "prompt"
    case .rerank where !hasQuery, .score where !hasQuery: return "query"
    case .rerank where !hasDocuments, .score where !hasDocuments: return "documents"
    case .transcription where !hasInput, .translation where !hasInput: return "file"
    case .detokenize where !hasTokens: return "tokens"
    default: break
    }
    let needsModel = personality == .openai || personality == .ollama
    // OpenAI chooses a model for what has one only.
    let hasDefault = route == .moderations || route == .images || route == .imageEdits
    return needsModel && model == nil && !hasDefault ? "model" : nil
  }
}
