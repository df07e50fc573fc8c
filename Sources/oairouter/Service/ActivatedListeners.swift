import OAIRouter

/// Listeners that a service manager has opened (a systemd socket unit), in place of `listen` and of
/// `admin`.
struct ActivatedListeners {
  /// What a socket unit may call them (`FileDescriptorName=`).
  enum Role: Equatable {
    case clients
    case administrators
  }

  private(set) var clients: [FileDescriptor] = []
  private(set) var admin: FileDescriptor?
  /// Those whose sockets' files come with them: a predecessor's own.
  private(set) var adopted: Set<FileDescriptor> = []

  /// Sorts listeners by their names.
  ///
  /// - Parameter note: what a predecessor has told, if that is whom they are from.
  /// - Throws: `CommandFailure` for a name that isn't known, and for a second one of `admin`.
  init(
    _ sockets: [ActivatedSocket],
    _ note: HandoverNote? = nil
  ) throws(CommandFailure) {
    let owned = sockets.indices.filter { note?.owned.contains($0) == true }
    adopted = Set(owned.map { sockets[$0].descriptor })
    for socket in sockets {
      switch Self.role(socket.name) {
      case .clients: clients.append(socket.descriptor)
      case .administrators where admin == nil: admin = socket.descriptor
      case .administrators:
        throw CommandFailure(
          "two sockets are named 'admin': administrators have one",
          exitCode: CommandFailure.badUsage
        )
      case nil:
        let isUnit = socket.name.hasSuffix(".socket")
        throw CommandFailure(
          "a socket is named '\(Terminal.escaped(socket.name))'"
            + (isUnit ? ", its unit's name, which doesn't say whom it is for" : "")
            + ": FileDescriptorName= is 'http' for clients, 'admin' for administrators",
          exitCode: CommandFailure.badUsage
        )
      }
    }
  }

  /// What was handed to this process.
  ///
  /// Before any other thread exists.
  ///
  /// - Parameter note: what a predecessor has told, if that is whom they are from.
  static func take(
    from note: HandoverNote? = nil
  ) throws(CommandFailure) -> ActivatedListeners {
    let sockets: [ActivatedSocket]
    do throws(SocketActivation.Failure) {
      sockets = try SocketActivation.take(from: note?.parent)
    } catch { throw CommandFailure(error.description, exitCode: CommandFailure.badUsage) }
    return try Self(sockets, note)
  }

  /// What a name stands for; nil for one that isn't known.
  ///
  /// Without `FileDescriptorName=` it is the unit's own name: of those only the package's says whom
  /// it is for. Without a name at all systemd says "unknown" (sd_listen_fds_with_names(3)).
  static func role(_ name: String) -> Role? {
    switch name {
    case "admin": .administrators
    case "", "http", "unknown", "oairouter.socket": .clients
    default: nil
    }
  }

  /// Has a router serve on them; without any, nothing changes.
  func apply(to options: inout RouterOptions) {
    if !clients.isEmpty {
      options.listen = []
      options.fallbackPort = nil
      options.listeners = clients
    }
    options.adoptedListeners = adopted
    if let admin { options.admin.place = .listener(admin) }
  }

  /// Closes them: the router has duplicates, and closes those when it drains.
  func close() {
    for descriptor in clients { _ = OwnedFD(owning: descriptor) }
    if let admin { _ = OwnedFD(owning: admin) }
  }
}
