/// Something that happened to a container, as far as it matters here.
enum ContainerEvent: Sendable, Equatable {
  /// It may be usable, or usable in another way: it is worth a look.
  ///
  /// Its name counts over the list's: Docker tells of a new name while its list has both.
  case changed(id: String, name: String?)
  /// It can't serve any more. What is said of it stands in the event: nobody has to be asked.
  case ended(id: String)
  /// A stop was completed; by now somebody may have started it again.
  case stopped(id: String)
  /// Worth a probe, nothing more.
  case stirred(id: String)

  /// Reads one line of `GET /events`.
  ///
  /// Only the names of both old and new engines are used: the newest ones leave `status`, `id` and
  /// `from` out.
  ///
  /// - Parameter line: one JSON object.
  /// - Returns: nil when it means nothing here; an event that can't be read counts as `malformed`.
  static func read(_ line: [UInt8]) -> Reading {
    guard String(validating: line, as: UTF8.self) != nil else { return .malformed }
    return line.withUnsafeBytes { bytes in
      guard let event = JSONFields(bytes) else { return .malformed }
      guard event.string("Type") ?? "container" == "container" else { return .meaningless }
      let actor = event.object("Actor")
      guard let action = event.string("Action") ?? event.string("status"),
        let id = actor?.string("ID") ?? event.string("id"), Container.isID(id)
      else { return .malformed }
      let name = actor?.object("Attributes")?.string("name")
      return Self(action, id, name: name).map(Reading.event) ?? .meaningless
    }
  }

  /// What a line turned out to be.
  enum Reading: Equatable {
    case event(ContainerEvent)
    /// Well-formed, and nothing to do with backends.
    case meaningless
    case malformed
  }

  private init?(_ action: String, _ id: String, name: String?) {
    // `exec_start: sh -c …`, `health_status: unhealthy`
    switch action.prefix(while: { $0 != ":" }) {
    case "start", "unpause", "rename": self = .changed(id: id, name: name)
    case "die", "died", "pause", "destroy", "remove": self = .ended(id: id)
    case "stop": self = .stopped(id: id)
    case "kill", "health_status", "oom": self = .stirred(id: id)
    default: return nil
    }
  }
}
