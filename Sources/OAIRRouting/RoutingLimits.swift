/// The bounds of the routing layer.
///
/// Each is far above what a fleet has, and far below what would let a broken backend fill this
/// process's memory.
public enum RoutingLimits {
  /// Backends in the registry.
  public static let backends = 4_096
  /// Slots of counters, in use or resting.
  public static let slots = 65_536
  /// Models taken from one backend's list; what follows is ignored.
  public static let modelsPerBackend = 4_096
  /// Bytes of a backend's own object of a model; of one that is larger only the name is kept.
  public static let modelObject = 16 << 10
  /// Bytes of a model's name, the bound that request bodies have too.
  public static let modelName = 512
  /// Bytes of a backend's id.
  public static let backendID = 128
  /// Models that stay known after their last backend went away.
  public static let rememberedModels = 1_024
  /// How long they stay known: a client is told to come back, not that the model doesn't exist.
  public static let rememberedModelLifetime = Duration.seconds(600)
  /// How long a freed slot rests before another backend gets it, so that exchanges which still
  /// pin the old one are (nearly always) over.
  public static let slotRest = Duration.seconds(600)
  /// How long requests for unknown models wait for the first listings after the start.
  public static let firstListing = Duration.seconds(5)
  /// Time between two listings of one backend.
  public static let listInterval = Duration.seconds(30)
  /// The same for a backend whose list says which models are in its memory: they come and go.
  public static let residentInterval = Duration.seconds(5)
  /// Time to the next try after a listing that failed.
  public static let listRetry = Duration.seconds(1)
  /// What `/api/version` says when no Ollama is among the backends: the first version of Ollama
  /// that has every path which is routed here.
  public static let ollamaVersion = "0.13.3"
  /// Events that wait for a reader of `BackendRegistry.events()`; beyond them some are left out.
  public static let waitingEvents = 1_024
  /// Models that a search for near names looks at.
  public static let nearNameSearch = 1_000
}

extension Duration {
  /// Whole nanoseconds; negative durations are 0, those beyond 584 years the greatest number.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000)).0
  }
}
