/// What is looked for among the containers, and how it is reached.
public struct DockerOptions: Sendable, Equatable {
  /// The labels that count.
  public var labels = DockerLabels()
  /// True when containers of known images are backends without a label.
  public var usesKnownImages = true
  /// Further rules, which are asked before those of the known images.
  public var imageRules: [ImageRule] = []
  /// Ranges that an address must be in; empty: any may be used.
  public var allowed: [AddressRange] = []
  /// The host of containers that have none of their own, such as those on the host's network.
  ///
  /// nil: the machine that the container engine runs on.
  public var defaultHost: String?
  /// Pause between two tries to reach the engine, at most.
  public var longestRetry = DiscoveryLimits.dockerRetry
  /// Time between two lists that are asked for though nothing has happened.
  public var listInterval = DiscoveryLimits.dockerListInterval
  /// The same where the engine's events can't be had.
  public var pollInterval = DiscoveryLimits.dockerPollInterval

  /// The defaults: the labels `oairouter.*`, the known images, any address.
  public init() {}

  /// The rule for an image.
  func rule(for image: String) -> ImageRule? {
    imageRules.first { $0.matches(image) }
      ?? (usesKnownImages ? ImageRule.known.first { $0.matches(image) } : nil)
  }
}
