import Glibc

/// What the system says of the container that this process is in, if it is in one.
struct OwnContainer: Sendable, Equatable {
  /// Ids, or their beginnings of 12 digits.
  private let candidates: [String]

  /// For tests: nothing is read.
  init(candidates: [String]) { self.candidates = candidates }

  /// Looks at this process's mounts and at its host name.
  ///
  /// Reads three small files of the kernel's or of the engine's; they don't block.
  static func find() -> OwnContainer {
    var candidates: [String] = []
    if let mounts = contents("/proc/self/mountinfo") { candidates += ids(inMounts: mounts) }
    if access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0,
      let name = contents("/proc/sys/kernel/hostname")
    {
      // Engines name a container's host after the beginning of its id, unless told otherwise.
      let host = name.prefix { $0 != "\n" }
      if host.utf8.count == 12, Container.isID(String(host)) { candidates.append(String(host)) }
    }
    return OwnContainer(candidates: candidates)
  }

  /// True when a container with this id is the one that we are in.
  func matches(_ id: String) -> Bool { candidates.contains { id.hasPrefix($0) } }

  /// The id of the container whose files are mounted over `/etc/hostname` and its like.
  ///
  /// Elsewhere in the list the engine's machine shows other containers' ids.
  ///
  /// - Parameter mounts: the text of `/proc/self/mountinfo` (proc(5)).
  static func ids(inMounts mounts: String) -> [String] {
    let targets = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]
    return mounts.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count > 4, targets.contains(String(fields[4])) else { return nil }
      return fields[3].split(separator: "/").map(String.init)
        .first { $0.utf8.count == 64 && Container.isID($0) }
    }
  }

  /// A file of the system's as text; nil when it can't be read or is larger than a mebibyte.
  private static func contents(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while bytes.count <= 1 << 20 {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
    return nil
  }
}
