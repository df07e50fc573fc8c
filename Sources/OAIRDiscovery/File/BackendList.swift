package import OAIRRouting

/// Reads the list of backends, of a watched file or of the configuration's `backends`.
package enum BackendList {
  private static let keys = [
    "id", "url", "type", "models", "weight", "priority", "max_in_flight", "on_disconnect",
  ]
  /// Keys whose values `ReadCredentials` makes something of.
  private static let secrets = ["api_key", "api_key_file", "api_key_env", "headers"]
  /// What a record can hold.
  private static let tiers = Int(Int32.min)...Int(Int32.max)

  /// Reads a backend's credentials out of those of its keys that have some.
  ///
  /// It may read files.
  package typealias ReadCredentials =
    @Sendable ([String: DocumentNode]) throws(DocumentError) -> BackendCredentials

  /// Reads a whole file: a list, or a map whose one key `backends` has it.
  ///
  /// - Parameter document: an empty one is an error: a file that lost its contents on the way must
  ///   not take a fleet away. No backends are `[]`.
  /// - Throws: `DocumentError` when anything in it is wrong.
  package static func read(
    file document: DocumentNode,
    credentials: ReadCredentials? = nil
  ) throws(DocumentError) -> [ConfiguredBackend] {
    if document.isNull {
      throw DocumentError(
        "the file has no list of backends; [] is the empty one",
        at: document.mark
      )
    }
    guard case .map = document.content else {
      return try read(document, source: .file, credentials: credentials)
    }
    let members = try document.members(["backends"], of: "a file of backends")
    guard let list = members["backends"] else {
      throw DocumentError("the file has no list of backends", at: document.mark)
    }
    return try read(list, source: .file, credentials: credentials)
  }

  /// Reads a list of backends.
  ///
  /// - Parameters:
  ///   - source: who wrote it down.
  ///   - credentials: reads its credentials; nil where there may be none.
  /// - Throws: `DocumentError` when anything in it is wrong.
  package static func read(
    _ list: DocumentNode,
    source: Backend.Source,
    credentials: ReadCredentials? = nil
  ) throws(DocumentError) -> [ConfiguredBackend] {
    var problems: [DocumentError] = []
    let backends = try read(list, source: source, credentials: credentials, problems: &problems)
    if let first = problems.first { throw first }
    return backends
  }

  /// Reads a list of backends, and goes on after a mistake in one.
  ///
  /// - Parameters:
  ///   - source: who wrote it down.
  ///   - credentials: reads its credentials; nil where there may be none.
  ///   - problems: gets what is wrong with single backends.
  /// - Returns: those without a mistake.
  /// - Throws: `DocumentError` when it's no list, or too long a one.
  package static func read(
    _ list: DocumentNode,
    source: Backend.Source,
    credentials: ReadCredentials?,
    problems: inout [DocumentError]
  ) throws(DocumentError) -> [ConfiguredBackend] {
    let elements = try list.elements(of: "backends")
    guard elements.count <= RoutingLimits.backends else {
      throw DocumentError("there may be \(RoutingLimits.backends) backends at most", at: list.mark)
    }
    var backends: [ConfiguredBackend] = []
    var lines: [String: Int] = [:]
    for element in elements {
      do throws(DocumentError) {
        let backend = try backend(element, source, credentials: credentials)
        if let line = lines.updateValue(element.mark.line, forKey: backend.id) {
          // A command line has none, and a variable's are all the same as a rule.
          let isLineless = source == .flag || line == element.mark.line
          let other = isLineless ? "another backend" : "the backend in line \(line)"
          throw DocumentError("the id '\(backend.id)' is taken by \(other)", at: element.mark)
        }
        backends.append(backend)
      } catch { problems.append(error) }
    }
    return backends
  }

  /// Reads one backend.
  ///
  /// - Parameters:
  ///   - source: who wrote it down.
  ///   - credentials: reads its credentials; nil where there may be none.
  /// - Throws: `DocumentError` when anything in it is wrong.
  package static func backend(
    _ node: DocumentNode,
    _ source: Backend.Source,
    credentials: ReadCredentials? = nil
  ) throws(DocumentError) -> ConfiguredBackend {
    let members = try node.members(keys + secrets, of: "a backend").filter { !$0.value.isNull }
    guard let urlNode = members["url"] else {
      throw DocumentError("a backend needs a url, such as http://10.0.0.5:8000", at: node.mark)
    }
    let url = try urlNode.text("url")
    // A lone word would pass for a host's name; more likely something was forgotten.
    guard url.contains(":") else {
      throw DocumentError(
        "'\(url)' is no URL; write for example http://10.0.0.5:8000",
        at: urlNode.mark
      )
    }
    let id = try members["id"]?.text("id") ?? ConfiguredBackend.defaultID(url)
    guard ConfiguredBackend.isValidID(id) else {
      let problem = "an id has 1 to \(RoutingLimits.backendID) visible ASCII characters"
      throw DocumentError(problem, at: members["id"]?.mark ?? urlNode.mark)
    }
    let kind = try members["type"]?.word("type", of: Backend.Kind.all.map(\.name))
    let models = try models(members["models"])
    let weight = try members["weight"]?.integer("weight", in: 1...CandidateFacts.greatestWeight)
    let priority = try members["priority"]?.integer("priority", in: tiers)
    let bound = try members["max_in_flight"]?.integer("max_in_flight", in: 0...tiers.upperBound)
    let words = Backend.OnDisconnect.allCases.map(\.rawValue)
    let shown = try Self.credentials(members, credentials)
    let leaving = try members["on_disconnect"]?.word("on_disconnect", of: words)
    do throws(EndpointError) {
      return try ConfiguredBackend(
        id: id,
        url: url,
        kind: kind.flatMap { Backend.Kind($0) } ?? .auto,
        models: models,
        weight: weight ?? 1,
        priority: priority ?? 0,
        maxInFlight: bound ?? 0,
        onDisconnect: leaving.flatMap { Backend.OnDisconnect(rawValue: $0) } ?? .abort,
        credentials: shown,
        source: source
      )
    } catch {
      throw DocumentError(error.description, at: urlNode.mark)
    }
  }

  private static func credentials(
    _ members: [String: DocumentNode],
    _ read: ReadCredentials?
  ) throws(DocumentError) -> BackendCredentials {
    let given = members.filter { secrets.contains($0.key) }
    guard let first = given.min(by: { $0.key < $1.key }) else { return BackendCredentials() }
    if let read { return try read(given) }
    throw DocumentError("\(first.key) can't be given here", at: first.value.mark)
  }

  private static func models(_ node: DocumentNode?) throws(DocumentError) -> [String] {
    guard let node else { return [] }
    var models: [String] = []
    for element in try node.elements(of: "models") {
      let model = try element.text("a model")
      guard model.utf8.count <= RoutingLimits.modelName else {
        let problem = "a model's name has \(RoutingLimits.modelName) bytes at most"
        throw DocumentError(problem, at: element.mark)
      }
      models.append(model)
    }
    guard models.count <= RoutingLimits.modelsPerBackend else {
      let problem = "a backend may have \(RoutingLimits.modelsPerBackend) models at most"
      throw DocumentError(problem, at: node.mark)
    }
    return models
  }
}
