import OAIRRouting

/// Why a container is no backend.
struct ContainerRefusal: Error, Equatable {
  var reason: String
  /// True when nothing speaks for it being an inference server.
  var isUnrelated = false

  init(_ reason: String, isUnrelated: Bool = false) {
    self.reason = reason
    self.isUnrelated = isUnrelated
  }
}

/// What a container's labels say.
struct ContainerLabels: Equatable {
  /// nil when no label says so or so.
  private(set) var isEnabled: Bool?
  private(set) var kind: Backend.Kind?
  private(set) var port: UInt16?
  private(set) var url: String?
  private(set) var models: [String] = []
  private(set) var weight = 1
  private(set) var priority = 0

  /// Reads a container's labels.
  ///
  /// - Parameters:
  ///   - labels: by their whole names; all others are ignored.
  ///   - names: which count.
  /// - Throws: `ContainerRefusal` with the label that can't be, and what it should be.
  init(_ labels: [String: String], _ names: DockerLabels) throws(ContainerRefusal) {
    let values = Values(labels, names)
    isEnabled = try values.read(\.enabled, as: "true or false", Self.flag)
    // What is switched off has no say in anything else.
    guard isEnabled != false else { return }
    for key in names.keys where labels[key].map(\.utf8.count) ?? 0 > DiscoveryLimits.label {
      throw ContainerRefusal("its label \(key) is longer than \(DiscoveryLimits.label) bytes")
    }
    let kinds = Backend.Kind.all.map(\.name).joined(separator: ", ")
    kind = try values.read(\.backend, as: "one of \(kinds)") { Backend.Kind($0.lowercased()) }
    port = try values.read(\.port, as: "1 to 65535") { UInt16($0).flatMap { $0 > 0 ? $0 : nil } }
    let weights = 1...CandidateFacts.greatestWeight
    weight =
      try values.read(\.weight, as: "1 to \(weights.upperBound)") {
        Int($0).flatMap { weights.contains($0) ? $0 : nil }
      } ?? 1
    priority =
      try values.read(\.priority, as: "a whole number of at most 32 bits") {
        Int32($0).map { Int($0) }
      } ?? 0
    url = values.text(\.url)
    let words = (values.text(\.model) ?? "").split(separator: ",")
    models = words.map { Values.trimmed($0) }.filter { !$0.isEmpty }
    if models.contains(where: { $0.utf8.count > RoutingLimits.modelName }) {
      let most = RoutingLimits.modelName
      throw ContainerRefusal(
        "its label \(names.key(\.model)) has a name of more than \(most) bytes"
      )
    }
  }

  private static func flag(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "1", "yes", "on": true
    case "false", "0", "no", "off": false
    default: nil
    }
  }

  /// The labels by their words.
  private struct Values {
    private let labels: [String: String]
    private let names: DockerLabels

    init(_ labels: [String: String], _ names: DockerLabels) {
      self.labels = labels
      self.names = names
    }

    /// A label's value without the spaces around it; nil when nothing is left.
    func text(_ word: KeyPath<DockerLabels, String>) -> String? {
      guard let value = labels[names.key(word)] else { return nil }
      let trimmed = Self.trimmed(value[...])
      return trimmed.isEmpty ? nil : trimmed
    }

    func read<Value>(
      _ word: KeyPath<DockerLabels, String>,
      as wanted: String,
      _ parse: (String) -> Value?
    ) throws(ContainerRefusal) -> Value? {
      guard let text = text(word) else { return nil }
      if let value = parse(text) { return value }
      let key = names.key(word)
      throw ContainerRefusal("its label \(key) must be \(wanted), not \"\(text.prefix(64))\"")
    }

    static func trimmed(_ text: Substring) -> String {
      var text = text.drop { $0 == " " || $0 == "\t" }
      while text.hasSuffix(" ") || text.hasSuffix("\t") { text.removeLast() }
      return String(text)
    }
  }
}
