public import OAIRRouting

/// What an image's name says about the server inside: a row of the table of known images.
public struct ImageRule: Sendable, Equatable {
  /// The image's repository, without tag and digest; `*` stands for anything.
  ///
  /// A pattern whose first part has neither `.` nor `:` matches under any registry.
  public var image: String
  /// The engine.
  public var kind: Backend.Kind
  /// The port that it listens on inside its container, unless told otherwise.
  public var port: UInt16

  /// Makes a rule.
  ///
  /// - Parameters:
  ///   - image: the pattern, such as `registry.local/my-llm*`.
  ///   - kind: the engine.
  ///   - port: where it listens inside its container, from 1.
  public init(image: String, kind: Backend.Kind, port: UInt16) {
    self.image = image
    self.kind = kind
    self.port = port
  }

  /// The images that are known without being told.
  public static let known: [ImageRule] = [
    ImageRule(image: "vllm/vllm-openai*", kind: .vllm, port: 8000),
    ImageRule(image: "nvcr.io/nvidia/vllm*", kind: .vllm, port: 8000),
    ImageRule(image: "ollama/ollama*", kind: .ollama, port: 11434),
    ImageRule(image: "ghcr.io/ggerganov/llama.cpp*", kind: .llamaCpp, port: 8080),
    ImageRule(image: "ghcr.io/ggml-org/llama.cpp*", kind: .llamaCpp, port: 8080),
    ImageRule(image: "lmsysorg/sglang*", kind: .sglang, port: 30000),
  ]

  /// True when the rule is for an image.
  ///
  /// - Parameter reference: as a container engine writes it: registry, repository, tag, digest.
  public func matches(_ reference: String) -> Bool {
    let pattern = image[...]
    let name = ImageName(reference)
    if ImageName.hasRegistry(pattern) {
      return Self.matches(pattern.utf8, name.qualified.utf8)
    }
    return Self.matches(pattern.utf8, name.repository.utf8)
  }

  /// Compares with a pattern in which `*` stands for any bytes, in time linear in their product.
  private static func matches(_ pattern: Substring.UTF8View, _ text: Substring.UTF8View) -> Bool {
    let star = UInt8(ascii: "*")
    var rest = pattern[...]
    var left = text[...]
    /// Where to go on when what follows the last star doesn't fit.
    var retry: (rest: Substring.UTF8View.SubSequence, left: Substring.UTF8View.SubSequence)?
    while true {
      if let next = rest.first, next == star {
        rest = rest.dropFirst()
        retry = (rest, left)
      } else if let next = left.first, next == rest.first {
        rest = rest.dropFirst()
        left = left.dropFirst()
      } else if rest.isEmpty, left.isEmpty {
        return true
      } else {
        guard let last = retry, !last.left.isEmpty else { return false }
        retry = (last.rest, last.left.dropFirst())
        (rest, left) = (last.rest, last.left.dropFirst())
      }
    }
  }
}

/// An image's name taken apart.
private struct ImageName {
  /// With its registry, without tag and digest.
  let qualified: Substring
  /// The same without the registry.
  let repository: Substring

  init(_ reference: String) {
    var name = reference[...]
    if let at = name.firstIndex(of: "@") { name = name[..<at] }
    let lastSlash = name.lastIndex(of: "/") ?? name.startIndex
    if let colon = name[lastSlash...].firstIndex(of: ":") { name = name[..<colon] }
    qualified = name
    guard Self.hasRegistry(name), let slash = name.firstIndex(of: "/") else {
      repository = name
      return
    }
    let rest = name[name.index(after: slash)...]
    // Docker Hub's own images have a part that nobody writes.
    let isOfficial = name[..<slash] == "docker.io" && rest.hasPrefix("library/")
    repository = isOfficial ? rest.dropFirst(8) : rest
  }

  /// True when the first of several parts is a host: it has a dot or a port, or is `localhost`.
  static func hasRegistry(_ name: Substring) -> Bool {
    guard let slash = name.firstIndex(of: "/") else { return false }
    let first = name[..<slash]
    return first.contains(".") || first.contains(":") || first == "localhost"
  }
}
