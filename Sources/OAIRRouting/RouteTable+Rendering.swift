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

  /// `GET /v1/models`.
  static func renderModels(_ entries: [ModelEntry]) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("object")
    json.string("list")
    json.key("data")
    json.beginArray()
    for entry in entries { json.raw(entry.object) }
    json.endArray()
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
