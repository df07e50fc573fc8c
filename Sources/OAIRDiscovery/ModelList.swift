import OAIRRouting

/// Reads the answer of `GET /v1/models`.
struct ModelList: Equatable {
  /// The models, each with its own object as it was sent.
  var models: [ModelDescription]
  /// `owned_by` of the first model that has one.
  var owner: String?

  /// Parses an answer.
  ///
  /// `data` may be null (Ollama without a model), and the list may stand without an object around
  /// it. Everything else in the answer is ignored, such as llama.cpp's `models`, which describes
  /// the same models once more in Ollama's form. An element without a usable `id` is left out.
  ///
  /// - Parameter body: the whole body.
  /// - Returns: nil when it isn't a list of models.
  init?(_ body: [UInt8]) {
    // Checked as a whole, so that slices can be passed on: JSON is UTF-8 (RFC 8259 8.1).
    guard String(validating: body, as: UTF8.self) != nil else { return nil }
    let parsed = body.withUnsafeBytes { Self.parse($0) }
    guard let parsed else { return nil }
    self = parsed
  }

  private init(models: [ModelDescription], owner: String?) {
    self.models = models
    self.owner = owner
  }

  private static func parse(_ bytes: UnsafeRawBufferPointer) -> ModelList? {
    var list = 0..<bytes.count
    var whole = JSONSlicer(bytes)
    if let members = whole.members() {
      guard let data = members.last(where: { $0.key == "data" })?.value else { return nil }
      if bytes[data].elementsEqual("null".utf8) { return ModelList(models: [], owner: nil) }
      list = data
    }
    var slicer = JSONSlicer(bytes, in: list)
    guard let elements = slicer.elements() else { return nil }
    var result = ModelList(models: [], owner: nil)
    for element in elements.prefix(RoutingLimits.modelsPerBackend) {
      var object = JSONSlicer(bytes, in: element)
      guard let members = object.members(),
        let id = members.last(where: { $0.key == "id" }),
        let name = JSONSlicer(bytes, in: id.value).string(), !name.isEmpty
      else { continue }
      result.models.append(ModelDescription(id: name, raw: Array(bytes[element])))
      if result.owner == nil, let owner = members.last(where: { $0.key == "owned_by" }) {
        result.owner = JSONSlicer(bytes, in: owner.value).string()
      }
    }
    return result
  }
}
