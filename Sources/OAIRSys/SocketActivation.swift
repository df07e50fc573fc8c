import COAIRSys
import Glibc

/// A listener that whoever has started this process had opened for it.
public struct ActivatedSocket: Equatable, Sendable {
  /// Its name (`FileDescriptorName=` of a socket unit); empty when it has none.
  public let name: String
  /// Close-on-exec; it belongs to whoever took it.
  public let descriptor: FileDescriptor

  /// Names a listener.
  public init(name: String, descriptor: FileDescriptor) {
    self.name = name
    self.descriptor = descriptor
  }
}

/// Sockets that are handed over at the start (sd_listen_fds(3)).
public enum SocketActivation {
  /// The descriptor of the first socket (SD_LISTEN_FDS_START).
  static let first: Int32 = 3
  /// LIMIT: more can't be meant.
  static let most: Int32 = 64

  /// Why what was handed over can't be used, in words for whoever has configured it.
  public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
    /// What is wrong, and what should be.
    public let description: String
  }

  /// Takes what was handed to this process: once, before other threads and children exist.
  ///
  /// `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` are removed from the environment, so that no
  /// child takes them for its own.
  ///
  /// - Parameter parent: a process that says, in a way of its own, that what it hands over is for
  ///   its child, whose process id it couldn't know before: it takes the place of `LISTEN_PID`.
  /// - Returns: listening stream sockets in their order; none when `LISTEN_PID` isn't this process,
  ///   or `parent` not its parent.
  /// - Throws: `Failure` when the variables contradict each other, or something else than a
  ///   listening stream socket of IPv4, IPv6 or unix(7) was handed over.
  public static func take(from parent: Int32? = nil) throws(Failure) -> [ActivatedSocket] {
    let names = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    let values = names.map { getenv($0).map { String(cString: $0) } }
    for name in names { unsetenv(name) }
    let own = getpid()
    let pid = receiver(values[0], from: parent, own: own, actual: getppid())
    let sockets = try sockets(pid: pid, count: values[1], names: values[2], own: own)
    // All first: a child must not get any, whatever comes of this.
    for socket in sockets {
      let raw = socket.descriptor.raw
      let flags = fcntl(raw, F_GETFD)
      guard flags >= 0, fcntl(raw, F_SETFD, flags | FD_CLOEXEC) == 0 else {
        throw Failure(description: "LISTEN_FDS: descriptor \(raw) isn't open")
      }
    }
    for socket in sockets {
      guard let problem = problem(of: socket.descriptor) else { continue }
      let name = socket.name.isEmpty ? "" : " ('\(socket.name)')"
      throw Failure(
        description: "LISTEN_FDS: descriptor \(socket.descriptor.raw)\(name) \(problem); "
          + "a socket unit needs ListenStream= and Accept=no"
      )
    }
    return sockets
  }

  /// Whom the sockets are for: as `LISTEN_PID` says, or the one that speaks for its child.
  static func receiver(
    _ said: String?,
    from parent: Int32?,
    own: Int32,
    actual: Int32
  ) -> String? {
    guard let parent else { return said }
    return parent == actual ? "\(own)" : nil
  }

  /// What the variables say.
  static func sockets(
    pid: String?,
    count: String?,
    names: String?,
    own: Int32
  ) throws(Failure) -> [ActivatedSocket] {
    guard let pid, let count else { return [] }
    guard let receiver = Int32(pid) else {
      throw Failure(description: "LISTEN_PID isn't a process id: '\(pid.prefix(32))'")
    }
    // They were a parent's, which has left them in the environment.
    guard receiver == own else { return [] }
    guard let number = Int32(count), (0...most).contains(number) else {
      throw Failure(
        description: "LISTEN_FDS isn't a number from 0 to \(most): '\(count.prefix(32))'"
      )
    }
    let split = names?.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if let split, number > 0, split.count != Int(number) {
      throw Failure(
        description: "LISTEN_FDNAMES has \(split.count) names for \(number) descriptors"
      )
    }
    return (0..<number).map { index in
      ActivatedSocket(
        name: split?[Int(index)] ?? "",
        descriptor: FileDescriptor(first + index)
      )
    }
  }

  /// What a descriptor is instead of a listener; nil for a listener.
  static func problem(of descriptor: FileDescriptor) -> String? {
    guard let type = option(SO_TYPE, descriptor) else { return "isn't a socket" }
    guard type == Int32(SOCK_STREAM.rawValue) else { return "isn't a stream socket" }
    guard let family = option(SO_DOMAIN, descriptor),
      [AF_INET, AF_INET6, AF_UNIX].contains(family)
    else { return "is neither a TCP nor a unix socket" }
    guard option(SO_ACCEPTCONN, descriptor) == 1 else { return "doesn't listen" }
    return nil
  }

  private static func option(_ name: Int32, _ descriptor: FileDescriptor) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor.raw, SOL_SOCKET, name, &value, &length) == 0 else { return nil }
    return value
  }
}
