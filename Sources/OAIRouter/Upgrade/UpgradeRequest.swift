import OAIRDiscovery
public import OAIRSys

/// What an administrator asks for with `POST /admin/upgrade`.
public struct UpgradeRequest: Sendable, Equatable {
  /// The program that is to go on, by its absolute path; nil: the one that runs, by the path with
  /// which it was started.
  public var program: String?
  /// How long it may take until it serves, 1 s to 25 s.
  public var deadline = UpgradeRequest.standardDeadline

  /// How long a successor may take, unless told otherwise.
  public static let standardDeadline = Duration.seconds(20)
  /// LIMIT: less than an admin answer may take (`AdminLimits.answer`).
  public static let deadlines = Duration.seconds(1)...Duration.seconds(25)
  /// LIMIT: bytes of a path (PATH_MAX, less its NUL).
  public static let longestPath = 4095

  /// The program that runs, within 20 s.
  public init() {}

  /// Takes the request's body: nothing, or `{"binary": PATH, "timeout_ms": NUMBER}`.
  ///
  /// - Throws: `DocumentError` with what is wrong with it.
  init(_ body: [UInt8]) throws(DocumentError) {
    guard !body.isEmpty else { return }
    let members = try JSONDocument.parse(body).members(["binary", "timeout_ms"], of: "the body")
    if let binary = members["binary"] {
      let path = try binary.text("binary")
      guard path.hasPrefix("/"), path.utf8.count <= Self.longestPath, !path.utf8.contains(0) else {
        throw DocumentError("binary: an absolute path")
      }
      program = path
    }
    if let limit = members["timeout_ms"] {
      let least = Int(Self.deadlines.lowerBound / .milliseconds(1))
      let most = Int(Self.deadlines.upperBound / .milliseconds(1))
      deadline = .milliseconds(try limit.integer("timeout_ms", in: least...most))
    }
  }
}

/// What became of an upgrade.
public enum UpgradeOutcome: Sendable, Equatable {
  /// Another process serves by the same listeners; this one finishes what it has begun.
  case done(pid: Int32, version: String)
  /// It can't be now, or not here; nothing was begun.
  case refused(reason: String)
  /// The successor couldn't serve and was ended; this process goes on as before.
  case failed(reason: String)
}

/// A listener that another process may go on with.
public struct HandedListener: Sendable, Equatable {
  /// Whom it is for.
  public enum Role: Sendable, Equatable {
    /// Clients: it's one of `listen` or `listeners`.
    case clients
    /// Administrators.
    case administrators
  }

  /// A duplicate, close-on-exec; it belongs to whoever asked for it.
  public let descriptor: FileDescriptor
  /// Whom it is for.
  public let role: Role
  /// The file of a unix socket goes with it: whoever serves last removes it.
  public let ownsFile: Bool

  /// Names one.
  public init(descriptor: FileDescriptor, role: Role, ownsFile: Bool) {
    self.descriptor = descriptor
    self.role = role
    self.ownsFile = ownsFile
  }
}
