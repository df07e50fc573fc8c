import OAIRRouting

/// Reads the answer of `GET /v1/models`.
struct ModelList: Equatable {
  /// The models, each with its own object as it was sent.
  private(set) var models: [ModelDescription] = []
  /// The `owned_by` that all models with one share; nil where they differ.
  private(set) var owner: String?

  /// Parses an answer.
  ///
  /// `data` may be null (Ollama without a model), and the list may stand without an object around
  /// it. Everything else in the answer is ignored, such as llama.cpp's `models`, which describes
  /// the same models once more in Ollama's form. An element without a usable `id` is left out.
  ///
  /// - Parameter body: the whole body.
  /// - Returns: nil when it isn't a list of models.
  init?(_ body: [UInt8]) {
    let isList = ListedObjects.read(body, in: "data", mayStandAlone: true) { bytes, members, raw in
      guard let id = ListedObjects.string("id", of: members, in: bytes), !id.isEmpty else { return }
      var model = ModelDescription(id: id, raw: raw)
      model.isLoaded = Self.isLoaded(members, in: bytes)
      models.append(model)
      if let itsOwner = ListedObjects.string("owned_by", of: members, in: bytes) {
        owners.insert(itsOwner)
      }
    }
    guard isList else { return nil }
    owner = owners.count == 1 ? owners.first : nil
    owners = []
  }

  private var owners: Set<String> = []

  /// llama.cpp with several models tells of each whether it is loaded, as `{"value":"loaded"}` or
  /// the word alone.
  private static func isLoaded(
    _ members: ListedObjects.Members,
    in bytes: UnsafeRawBufferPointer
  ) -> Bool? {
    guard let status = members.last(where: { $0.key == "status" }) else { return nil }
    var word = JSONSlicer(bytes, in: status.value).string()
    if word == nil {
      var object = JSONSlicer(bytes, in: status.value)
      if let inner = object.members() {
        word = ListedObjects.string("value", of: inner, in: bytes)
      }
    }
    switch word {
    case "loaded": return true
    case "unloaded", "loading", "sleeping", "downloading", "downloaded": return false
    default: return nil
    }
  }
}

/// Reads Ollama's own lists, `GET /api/tags` and `GET /api/ps`.
struct OllamaList: Equatable {
  /// Name and own object of each model.
  private(set) var objects: [(name: String, object: [UInt8])] = []

  /// Parses an answer; an element without a usable name is left out.
  ///
  /// - Parameter body: the whole body.
  /// - Returns: nil when it isn't such a list.
  init?(_ body: [UInt8]) {
    let isList = ListedObjects.read(body, in: "models", mayStandAlone: false) {
      bytes,
      members,
      raw in
      let name =
        ListedObjects.string("model", of: members, in: bytes)
        ?? ListedObjects.string("name", of: members, in: bytes)
      // What is too long to be kept can't stand in a list of ours.
      guard let name, !name.isEmpty, let raw else { return }
      objects.append((name, raw))
    }
    guard isList else { return nil }
  }

  static func == (a: OllamaList, b: OllamaList) -> Bool {
    a.objects.elementsEqual(b.objects) { $0 == $1 }
  }
}

/// The objects of a list inside an answer.
private enum ListedObjects {
  typealias Members = [(key: String, value: Range<Int>)]

  /// Hands the list's objects on, within the bounds of models and of their objects' sizes.
  ///
  /// - Returns: false when the answer isn't such a list, or not valid JSON in UTF-8.
  static func read(
    _ body: [UInt8],
    in key: String,
    mayStandAlone: Bool,
    take: (UnsafeRawBufferPointer, Members, [UInt8]?) -> Void
  ) -> Bool {
    // Checked as a whole, so that slices can be passed on: JSON is UTF-8 (RFC 8259 8.1).
    guard String(validating: body, as: UTF8.self) != nil else { return false }
    return body.withUnsafeBytes { bytes in
      var list = 0..<bytes.count
      var whole = JSONSlicer(bytes)
      if let members = whole.members() {
        guard let found = members.last(where: { $0.key == key })?.value else { return false }
        if bytes[found].elementsEqual("null".utf8) { return true }
        list = found
      } else if !mayStandAlone {
        return false
      }
      var slicer = JSONSlicer(bytes, in: list)
      guard let elements = slicer.elements() else { return false }
      for element in elements.prefix(RoutingLimits.modelsPerBackend) {
        var object = JSONSlicer(bytes, in: element)
        guard let members = object.members() else { continue }
        let isKept = element.count <= RoutingLimits.modelObject
        take(bytes, members, isKept ? Array(bytes[element]) : nil)
      }
      return true
    }
  }

  static func string(
    _ key: String,
    of members: Members,
    in bytes: UnsafeRawBufferPointer
  ) -> String? {
    members.last { $0.key == key }.flatMap { JSONSlicer(bytes, in: $0.value).string() }
  }
}
