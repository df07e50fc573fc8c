/// The names of the labels that containers are told apart by.
///
/// Each is the prefix followed by a word; both can be chosen.
public struct DockerLabels: Sendable, Equatable {
  /// What stands before each word.
  public var prefix: String
  /// `true`: a backend, whatever its image; `false`: none.
  public var enabled = "enabled"
  /// The engine: `vllm`, `sglang`, `llamacpp`, `ollama`, `lmstudio`, `generic`, `auto`.
  public var backend = "backend"
  /// The port inside the container.
  public var port = "port"
  /// Where it is, if nothing else should be looked at.
  public var url = "url"
  /// Models, separated by commas: the backend isn't asked for its list then.
  public var model = "model"
  /// Its share of requests against its peers.
  public var weight = "weight"
  /// Its tier.
  public var priority = "priority"

  /// The names with a prefix.
  ///
  /// - Parameter prefix: by default `oairouter.`, which makes `oairouter.enabled` and so on.
  public init(prefix: String = "oairouter.") { self.prefix = prefix }

  /// A label's whole name.
  func key(_ word: KeyPath<DockerLabels, String>) -> String { prefix + self[keyPath: word] }

  /// All names in full.
  var keys: [String] {
    [enabled, backend, port, url, model, weight, priority].map { prefix + $0 }
  }
}
