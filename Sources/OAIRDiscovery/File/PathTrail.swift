import Glibc

/// Everything that decides what a path leads to: the names in folders on the way, those of symbolic
/// links included.
///
/// A change of any of them may lead the path to another file. Kubernetes updates a mounted
/// ConfigMap so: `backends.yaml` is a link into `..data`, and `..data`, a link itself, is replaced.
struct PathTrail: Equatable {
  /// LIMIT: links followed, as the kernel's own (path_resolution(7)).
  private static let links = 40

  /// The names that matter, by their folders.
  private(set) var names: [String: Set<String>] = [:]

  /// Follows a path as far as it leads.
  ///
  /// Asks the file system: not on a loop.
  init(_ path: String) {
    var folder = path.hasPrefix("/") ? "/" : Self.workingFolder
    var left = Self.components(path)
    var links = 0
    while let name = left.popLast() {
      if name == ".." {
        folder = Self.parent(folder)
        continue
      }
      let place = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
      var status = stat()
      let exists = lstat(place, &status) == 0
      if exists, status.st_mode & S_IFMT == S_IFLNK, links < Self.links {
        links += 1
        names[folder, default: []].insert(name)
        guard let target = Self.target(of: place) else { return }
        if target.hasPrefix("/") { folder = "/" }
        left += Self.components(target)
      } else if exists, status.st_mode & S_IFMT == S_IFDIR, !left.isEmpty {
        folder = place
      } else {
        names[folder, default: []].insert(name)
        return
      }
    }
  }

  /// Last one first.
  private static func components(_ path: String) -> [String] {
    path.split(separator: "/").map(String.init).filter { $0 != "." }.reversed()
  }

  private static func parent(_ folder: String) -> String {
    let parent = folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)]
    return parent.isEmpty ? "/" : String(parent)
  }

  private static func target(of link: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let length = readlink(link, base, buffer.count)
      guard length > 0 else { return nil }
      return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  private static var workingFolder: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }
}
