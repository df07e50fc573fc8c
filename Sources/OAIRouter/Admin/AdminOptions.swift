public import OAIRAdmin
public import OAIRSys

/// Where administrators reach a router, and what they have to show.
///
/// Never on the listeners that serve clients.
public struct AdminOptions: Sendable, Equatable {
  /// Where the admin listener is.
  public enum Place: Sendable, Equatable {
    /// There is none.
    case off
    /// A unix socket in `$RUNTIME_DIRECTORY`, else in `$XDG_RUNTIME_DIR/oairouter`, that only the
    /// user can reach who runs the router; none when neither is set.
    case automatic
    /// An address of its own; one that isn't a unix socket needs a `key`.
    case at(SocketAddress)
    /// A listening socket that the program has opened itself, such as by socket activation, and
    /// goes on to own; one that isn't a unix socket needs a `key`.
    case listener(FileDescriptor)
  }

  /// Where it is.
  public var place = Place.off
  /// What every request has to show as `Authorization: Bearer …`; nil: nothing.
  public var key: AdminKey?

  /// No admin listener.
  public init() {}

  /// What is wrong with them, if anything is.
  var problem: String? {
    let address: SocketAddress
    switch place {
    case .off, .automatic: return nil
    case .at(let place): address = place
    case .listener(let descriptor):
      // What isn't a socket is told when it is opened.
      guard let place = try? ListeningSocket.boundAddress(descriptor) else { return nil }
      address = place
    }
    guard key == nil else { return nil }
    if case .unix = address { return nil }
    return "is \(address), where anybody may come: give it a key with --admin-key-file, or make it "
      + "a unix socket"
  }
}
