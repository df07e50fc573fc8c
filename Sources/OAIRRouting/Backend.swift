/// One inference server: what was configured or discovered of it.
public struct Backend: Sendable, Equatable {
  /// Its name in logs, metrics and headers; unique in the registry, 1…128 visible ASCII bytes.
  public var id: String
  /// Which engine it runs.
  public var kind: Kind
  /// Where it is.
  public var endpoint: Endpoint
  /// The models known or configured; replaced by its listings unless `isModelListFixed`.
  public var models: [ModelDescription]
  /// True when the models were given and the backend is never asked for its list.
  public var isModelListFixed: Bool
  /// Its share of requests against its peers, from 1.
  public var weight: Int
  /// Its tier: lower tiers are used first.
  public var priority: Int
  /// Requests it is given at a time; 0 means no bound.
  public var maxInFlight: Int
  /// What becomes of a request whose client has left.
  public var onDisconnect: OnDisconnect
  /// What it is shown on top of a client's own fields.
  public var credentials: BackendCredentials
  /// Who told of it.
  public var source: Source

  /// Describes a backend.
  ///
  /// - Parameters:
  ///   - id: unique name, 1…128 visible ASCII bytes.
  ///   - kind: its engine; `auto` finds out.
  ///   - endpoint: where it is.
  ///   - models: what it serves; empty when it is to be asked.
  ///   - isModelListFixed: by default true exactly when `models` isn't empty.
  ///   - weight: its share against its peers, from 1.
  ///   - priority: lower tiers are used first.
  ///   - maxInFlight: requests at a time; 0 means no bound.
  ///   - onDisconnect: what becomes of a request whose client has left.
  ///   - credentials: what it is shown on top of a client's own fields.
  ///   - source: who told of it.
  public init(
    id: String,
    kind: Kind = .auto,
    endpoint: Endpoint,
    models: [ModelDescription] = [],
    isModelListFixed: Bool? = nil,
    weight: Int = 1,
    priority: Int = 0,
    maxInFlight: Int = 0,
    onDisconnect: OnDisconnect = .abort,
    credentials: BackendCredentials = BackendCredentials(),
    source: Source = .library
  ) {
    self.id = id
    self.kind = kind
    self.endpoint = endpoint
    self.models = models
    self.isModelListFixed = isModelListFixed ?? !models.isEmpty
    self.weight = weight
    self.priority = priority
    self.maxInFlight = maxInFlight
    self.onDisconnect = onDisconnect
    self.credentials = credentials
    self.source = source
  }
}

extension Backend {
  /// An engine: a value that may gain members.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    /// The word that configuration and logs use.
    public let name: String

    /// Reads the configuration's word.
    ///
    /// - Returns: nil for a word that isn't one of the static members' names.
    public init?(_ name: String) {
      guard Self.all.contains(where: { $0.name == name }) else { return nil }
      self.name = name
    }

    private init(known name: String) { self.name = name }

    /// Not known yet: its first answers tell.
    public static let auto = Kind(known: "auto")
    /// vLLM.
    public static let vllm = Kind(known: "vllm")
    /// SGLang.
    public static let sglang = Kind(known: "sglang")
    /// llama.cpp's server.
    public static let llamaCpp = Kind(known: "llamacpp")
    /// Ollama.
    public static let ollama = Kind(known: "ollama")
    /// LM Studio.
    public static let lmStudio = Kind(known: "lmstudio")
    /// Anything else that speaks OpenAI's API.
    public static let generic = Kind(known: "generic")

    /// Every kind, in the order of the documentation.
    public static let all: [Kind] = [auto, vllm, sglang, llamaCpp, ollama, lmStudio, generic]

    /// The configuration's word.
    public var description: String { name }
  }

  /// What becomes of a request whose client has left.
  public enum OnDisconnect: String, Sendable, CaseIterable {
    /// Its connection is closed at once, which frees the engine.
    case abort
    /// The answer is read to its end, for nobody: for engines that a closed connection harms, or
    /// whose work has a further use.
    case drain
  }

  /// Who told of a backend.
  ///
  /// When several sources see one engine, the first in this order counts.
  public enum Source: UInt8, Sendable, Comparable, CaseIterable {
    /// The command line.
    case flag
    /// The program that uses the library.
    case library
    /// An administrator, while the router runs.
    case admin
    /// The configuration file, or a watched file.
    case file
    /// A container engine.
    case docker
    /// Name service records.
    case dns
    /// A scan of local ports: the client's credentials are withheld from what it finds.
    case portScan

    /// Orders by precedence.
    public static func < (a: Source, b: Source) -> Bool { a.rawValue < b.rawValue }

    /// The word of logs and JSON.
    public var name: String {
      switch self {
      case .flag: "flag"
      case .library: "library"
      case .admin: "admin"
      case .file: "file"
      case .docker: "docker"
      case .dns: "dns"
      case .portScan: "port_scan"
      }
    }
  }
}

/// A model as its backend describes it.
public struct ModelDescription: Sendable, Equatable {
  /// The name that requests use, 1…512 bytes.
  public var id: String
  /// The backend's own JSON object of `GET /v1/models`, kept byte for byte; nil when there is none.
  public var raw: [UInt8]?
  /// Whether its backend holds it in memory now; nil when the backend doesn't tell, which counts as
  /// loaded.
  ///
  /// One that isn't loaded is loaded by the first request for it, which waits that long.
  public var isLoaded: Bool?
  /// Ollama's own JSON object of `GET /api/tags`, kept byte for byte; nil when there is none.
  public var tag: [UInt8]?
  /// Ollama's own JSON object of `GET /api/ps`, kept byte for byte; nil when there is none.
  public var process: [UInt8]?

  /// Describes a model.
  ///
  /// - Parameters:
  ///   - id: the name that requests use.
  ///   - raw: the backend's own JSON object; it must be valid JSON.
  ///   - isLoaded: whether it is in memory; nil when that isn't known.
  public init(id: String, raw: [UInt8]? = nil, isLoaded: Bool? = nil) {
    self.id = id
    self.raw = raw
    self.isLoaded = isLoaded
  }
}

/// What is known of a backend's health.
public enum BackendState: UInt8, Sendable, CaseIterable {
  /// No probe has come back yet: tried like `ready`.
  case unknown
  /// It answers, and says that its model isn't loaded yet: not tried.
  case loading
  /// It answers.
  case ready
  /// Doubted: tried only when nothing better is there.
  case suspect
  /// Refused, unreachable or gone: not tried.
  case down
  /// Finishes what it has, gets nothing new.
  case draining

  /// True when new requests may go there at all.
  public var isUsable: Bool {
    switch self {
    case .unknown, .ready, .suspect: true
    case .loading, .down, .draining: false
    }
  }

  /// The word of logs, metrics and JSON.
  public var name: String {
    switch self {
    case .unknown: "unknown"
    case .loading: "loading"
    case .ready: "ready"
    case .suspect: "suspect"
    case .down: "down"
    case .draining: "draining"
    }
  }
}
