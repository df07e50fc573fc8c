import Glibc
public import OAIRSys

/// Where the sockets of admin listeners are, unless they have addresses of their own.
public enum AdminFolder {
  /// The first router's socket; later ones have their process id in the name.
  static let socketName = "admin.sock"

  /// Where a router puts its socket.
  ///
  /// - Returns: `$RUNTIME_DIRECTORY`, else `$XDG_RUNTIME_DIR/oairouter`; nil when neither is set.
  public static func own() -> String? { own(systemVariable) }

  static func own(_ variable: (String) -> String?) -> String? {
    // Several directories are told with colons between them (systemd.exec(5)).
    if let path = variable("RUNTIME_DIRECTORY") {
      return path.split(separator: ":").first.map(String.init)
    }
    return variable("XDG_RUNTIME_DIR").map { $0 + "/oairouter" }
  }

  /// The sockets of the routers that run now, as far as they can be reached.
  ///
  /// They are looked for where this program's own would be, and in `/run/oairouter`, where a system
  /// service has it.
  public static func running() -> [SocketAddress] {
    running(in: [own(), "/run/oairouter"].compactMap { $0 })
  }

  static func running(in folders: [String]) -> [SocketAddress] {
    var found: [SocketAddress] = []
    for folder in folders {
      for name in names(in: folder) {
        let address = SocketAddress.unix("\(folder)/\(name)")
        if !found.contains(address), isLive(address) { found.append(address) }
      }
    }
    return found
  }

  private static func systemVariable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == socketName || name.hasPrefix("admin-") && name.hasSuffix(".sock") {
        names.append(name)
      }
    }
    return names.sorted()
  }

  private static func isLive(_ address: SocketAddress) -> Bool {
    guard let kernel = try? LinuxKernel() else { return false }
    defer { kernel.shutdown() }
    switch kernel.connect(to: address) {
    case .connected(let descriptor), .inProgress(let descriptor):
      kernel.close(descriptor)
      return true
    // A full backlog: somebody is there.
    case .failed(let error): return error.code == EAGAIN
    }
  }
}
