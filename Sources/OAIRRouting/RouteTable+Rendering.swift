import OAIRSys
import OAIRWire

/// The local answers, rendered once per table: the reactor only copies bytes.
extension RouteTable {
  /// `GET /health`.
  static func renderHealth(total: Int, healthy: Int, models: Int) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("status")
    json.string(total > 0 && healthy == 0 ? "degraded" : "ok")
    json.key("backends_total")
    json.int(total)
    json.key("backends_healthy")
    json.int(healthy)
    json.key("models_available")
    json.int(models)
    json.endObject()
    return json.bytes
  }

  /// One of the lists of models.
  static func render(_ list: ModelListing, _ entries: [ModelEntry]) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    switch list {
    case .models:
      json.key("object")
      json.string("list")
      writeList("data", entries.lazy.map(\.object), to: &json)
    case .tags: writeList("models", entries.lazy.map(\.tag), to: &json)
    case .processes:
      writeList("models", entries.lazy.map(\.process).filter { !$0.isEmpty }, to: &json)
    }
    json.endObject()
    return json.bytes
  }

  /// `GET /api/version`: Ollama's clients turn features off below the versions that brought them.
  static func renderVersion(_ members: [RouteMember]) -> [UInt8] {
    let versions = members.lazy.filter { $0.backend.record.kind == .ollama }.compactMap(\.version)
    var json = JSONWriter()
    json.beginObject()
    json.key("version")
    json.string(versions.min()?.description ?? RoutingLimits.ollamaVersion)
    json.endObject()
    return json.bytes
  }

  private static func writeList(
    _ key: String,
    _ objects: some Sequence<[UInt8]>,
    to json: inout JSONWriter
  ) {
    json.key(key)
    json.beginArray()
    for object in objects { json.raw(object) }
    json.endArray()
  }

  /// What Ollama's clients read of a model.
  ///
  /// Size, digest and details are what a list in OpenAI's shape doesn't tell. Clients with types
  /// require them all the same: they are there, and empty.
  static func renderTag(_ name: String, modifiedAt time: Int) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    writeNames(name, to: &json)
    json.key("modified_at")
    json.string(WallTime.utc(time) + "Z")
    writeEmptyDetails(to: &json)
    json.endObject()
    return json.bytes
  }

  /// What Ollama's clients read of a model in memory; engines that keep theirs for good say so in
  /// the way of Ollama's own `keep_alive: -1`, by a time that is far away.
  static func renderProcess(_ name: String) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    writeNames(name, to: &json)
    writeEmptyDetails(to: &json)
    json.key("expires_at")
    json.string("2318-01-01T00:00:00Z")
    json.key("size_vram")
    json.int(0)
    json.endObject()
    return json.bytes
  }

  private static func writeNames(_ name: String, to json: inout JSONWriter) {
    json.key("name")
    json.string(name)
    json.key("model")
    json.string(name)
  }

  private static func writeEmptyDetails(to json: inout JSONWriter) {
    json.key("size")
    json.int(0)
    json.key("digest")
    json.string("")
    json.key("details")
    json.beginObject()
    for detail in ["parent_model", "format", "family", "parameter_size", "quantization_level"] {
      json.key(detail)
      json.string("")
    }
    json.key("families")
    json.beginArray()
    json.endArray()
    json.endObject()
  }

  /// An alias as a model: `root` names what it stands for, as vLLM has it.
  ///
  /// - Parameters:
  ///   - target: nil where that isn't to be told.
  ///   - created: since when the model has been there, in seconds since 1970.
  static func renderAlias(_ name: String, for target: String?, created: Int) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("id")
    json.string(name)
    json.key("object")
    json.string("model")
    json.key("created")
    json.int(created)
    json.key("owned_by")
    json.string("oairouter")
    if let target {
      json.key("root")
      json.string(target)
    }
    json.endObject()
    return json.bytes
  }

  /// The backend's own object, or one with the fields that OpenAI's clients require.
  static func renderModel(_ model: ModelDescription, of member: RouteMember) -> [UInt8] {
    if let raw = model.raw { return raw }
    let kind = member.backend.record.kind
    var json = JSONWriter()
    json.beginObject()
    json.key("id")
    json.string(model.id)
    json.key("object")
    json.string("model")
    json.key("created")
    json.int(member.registeredAt)
    json.key("owned_by")
    json.string(kind == .auto ? Backend.Kind.generic.name : kind.name)
    json.endObject()
    return json.bytes
  }
}
