import OAIRHTTP1
import OAIRWire

/// What to answer to a request, without sockets or clocks.
struct MockEngine {
  /// An answer, and how much work precedes it.
  enum Answer {
    /// In one piece, when the work is done.
    case document(Document, work: Duration)
    /// A head, then events.
    case stream(EventScript)
  }

  /// What changes while the backend runs.
  struct State {
    /// Whether the engine isn't ready yet.
    var isLoading = false
    /// The models that are in memory, by their name in the options.
    var loaded: [String] = []
    /// How long the request's model takes to be loaded first; zero when it is there.
    var loadTime = Duration.zero
    /// Requests that generate, the queued ones included.
    var inFlight = 0
    var statistics = MockStatistics()
  }

  let options: MockOptions
  let dialect: any Dialect
  var identity: MockIdentity
  /// When the models were loaded, in seconds since 1970.
  let loadedAt: Int

  init(_ options: MockOptions) {
    precondition(!options.models.isEmpty, "a backend needs a model")
    self.options = options
    dialect = options.personality.dialect
    identity = MockIdentity(isReproducible: options.isReproducible, seed: options.seed)
    loadedAt = identity.seconds
  }

  // MARK: - Requests

  /// Answers a complete request.
  mutating func answer(_ request: MockRequest, _ state: State) -> Answer {
    let route = MockRoute(request.path, options.personality)
    if route == .statistics { return answer(.json(state.statistics.json)) }
    if state.isLoading, options.personality.loading == .status503 {
      return refusal(.loading, on: route)
    }
    guard route != .unknown else {
      return refusal(.unknownPath(method: request.methodName, path: request.path), on: route)
    }
    guard route.accepts(request.method) else {
      let allowed = route.method == .post ? "POST" : "GET"
      return refusal(
        .wrongMethod(method: request.methodName, path: request.path, allowed: allowed),
        on: route
      )
    }
    guard route.method == .post else { return answerQuestion(route, state) }
    return answerInference(request, route, state)
  }

  /// Answers what is asked with GET.
  private func answerQuestion(_ route: MockRoute, _ state: State) -> Answer {
    switch route {
    case .models: return answer(json(dialect.models(options.models, created: loadedAt), route))
    case .model(let name): return answerModel(name)
    case .version: return answer(json(version, route))
    case .load:
      return answer(json(JSONWriter.object { $0.member("server_load", state.inFlight) }, route))
    case .ollamaRoot:
      let text = Array("Ollama is running".utf8)
      return answer(Document(contentType: "text/plain; charset=utf-8", body: text))
    case .ollamaTags:
      return answer(json(OllamaDialect.tags(options.models, created: loadedAt), route))
    case .ollamaPs:
      return answer(json(OllamaDialect.loaded(state.loaded, now: identity.seconds), route))
    default: return answer(health)
    }
  }

  func answer(_ document: Document) -> Answer { .document(document, work: .zero) }

  func json(_ body: [UInt8], _ route: MockRoute) -> Document {
    Document(contentType: dialect.jsonType(on: route), body: body)
  }

  func refusal(_ failure: MockFailure, on route: MockRoute) -> Answer {
    answer(dialect.document(failure, on: route))
  }

  private func answerModel(_ name: String) -> Answer {
    guard served(name) != nil, let body = dialect.model(name, created: loadedAt) else {
      return refusal(.unknownModel(name, known: options.models), on: .model(name))
    }
    return answer(json(body, .model(name)))
  }

  private var health: Document {
    switch options.personality {
    case .vllm: Document()
    case .openai, .llamacpp, .ollama: .json(Array(#"{"status":"ok"}"#.utf8))
    }
  }

  private var version: [UInt8] {
    let version = options.personality == .ollama ? OllamaDialect.version : "0.32.0"
    return JSONWriter.object { $0.member("version", version) }
  }

  // MARK: - Bytes

  /// The error document of a refusal that the server itself decides on.
  func document(_ failure: MockFailure, on route: MockRoute) -> Document {
    dialect.document(failure, on: route)
  }

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
