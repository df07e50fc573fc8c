import OAIRSys
import OAIRWire

@testable import OAIRDiscovery
@testable import OAIRRouting

/// A backend's lists of models, as hostile as they come: what is taken is within the bounds,
/// and what goes out in the router's own lists is valid.
///
/// Input: one byte chooses which engine answers, and whether a table is made of it; the rest is the
/// body of each of its answers.
struct FuzzModelList {
  static var target: FuzzTarget {
    FuzzTarget("model-list") { input, _ in
      guard let choice = input.first else { return }
      let run = FuzzModelList(body: Array(input.dropFirst()))
      run.checkLists()
      run.checkFingerprints()
      // A table costs ten times as much as all the rest.
      guard choice & 3 == 0 else { return }
      run.checkTable(Backend.Kind.all[Int(choice) / 4 % Backend.Kind.all.count])
    }
  }

  let body: [UInt8]

  /// Whether a scan that was written for request bodies takes the value as well.
  private static func isValid(_ value: [UInt8]) -> Bool {
    var peek = JSONPeek()
    let object = Array(#"{"x":"#.utf8) + value + Array("}".utf8)
    object.withUnsafeBytes { peek.scan($0, isComplete: true) }
    return peek.error == nil
  }

  private func id(of raw: [UInt8]) -> String? {
    raw.withUnsafeBytes { bytes in
      var slicer = JSONSlicer(bytes)
      guard let id = slicer.members()?.last(where: { $0.key == "id" }) else { return nil }
      return JSONSlicer(bytes, in: id.value).string()
    }
  }

  private func checkLists() {
    if let list = ModelList(body) {
      require(Self.isValid(body), "a list is valid JSON")
      require(list.models.count <= RoutingLimits.modelsPerBackend, "models are bounded")
      for model in list.models {
        require(!model.id.isEmpty, "a model has a name")
        guard let raw = model.raw else { continue }
        require(raw.count <= RoutingLimits.modelObject, "objects are bounded")
        require(id(of: raw) == planted(model.id, raw), "an object is its model's")
      }
    }
    if let list = OllamaList(body) {
      require(Self.isValid(body), "a list is valid JSON")
      require(list.objects.count <= RoutingLimits.modelsPerBackend, "models are bounded")
      for (name, object) in list.objects {
        require(!name.isEmpty && object.count <= RoutingLimits.modelObject, "objects are bounded")
      }
    }
  }

  /// The name, but for a bug that is made on purpose: escapes aren't understood.
  private func planted(_ name: String, _ raw: [UInt8]) -> String {
    #if PLANTED_BUG
      if raw.contains(UInt8(ascii: "\\")) { return "" }
    #endif
    return name
  }

  private func checkFingerprints() {
    let answer = ControlResponse(status: 200, server: nil, body: body)
    _ = EngineFingerprints.recognise(answer, ModelList(body))
    for question in EngineFingerprints.questions {
      guard let found = EngineFingerprints.recognise(answer, to: question) else { continue }
      let version = found.version?.description.utf8 ?? "".utf8
      require(version.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 }, "a version is plain")
    }
  }

  /// Two backends: one with what the list says, one with what Ollama's lists say.
  private func checkTable(_ kind: Backend.Kind) {
    let listed = BackendRegistry.bounded(ModelList(body)?.models ?? [])
    let own = (OllamaList(body)?.objects ?? []).map { name, object in
      var model = ModelDescription(id: name, isLoaded: object.count & 1 == 0)
      model.tag = object
      model.process = object
      return model
    }
    let residents = BackendRegistry.bounded(own)
    let table = RouteTable(
      generation: 1,
      members: [member("a", 0, kind, listed), member("b", 1, .ollama, residents)],
      isListed: true
    )
    for body in [table.modelsBody, table.tagsBody, table.processesBody, table.versionBody] {
      require(Self.isValid(body), "the router's lists are valid JSON")
    }
    let count = ModelList(table.modelsBody)?.models.count
    // A second list than ours may say less of a model than it takes: names of its own only.
    require(count == min(table.modelCount, RoutingLimits.modelsPerBackend), "each model is listed")
    for model in listed + residents {
      var name = model.id
      let entry = name.withUTF8 { table.entry(for: UnsafeRawBufferPointer($0)) }
      require(entry != nil, "a model that was taken is found")
    }
  }

  private func member(
    _ id: String,
    _ slot: Int,
    _ kind: Backend.Kind,
    _ models: [ModelDescription]
  ) -> RouteMember {
    let endpoint = Endpoint(address: .loopback(port: UInt16(slot + 1)))
    let backend = Backend(id: id, kind: kind, endpoint: endpoint)
    let record = BackendRecord(backend, slot: slot, incarnation: UInt64(slot + 1))
    return RouteMember(backend: RouteBackend(record: record, state: .ready), models: models)
  }
}
