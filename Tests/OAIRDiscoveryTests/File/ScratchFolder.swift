import Glibc
import Testing

/// A folder of one test's own; it's removed with the value.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/oairouter-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
    try #require(access(path, W_OK) == 0, "no temporary folder")
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    if let folder = opendir(path) {
      defer { closedir(folder) }
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let child = "\(path)/\(name)"
        if name != ".", name != "..", unlink(child) != 0 { remove(child) }
      }
    }
    rmdir(path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file in place, as an editor without manners does.
  func write(_ name: String, _ text: String) throws {
    let file = open(self(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    try #require(file >= 0, "can't write \(name)")
    defer { close(file) }
    try #require(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
  }

  /// Writes a file beside it, then renames that over it.
  func replace(_ name: String, _ text: String) throws {
    try write(name + ".new", text)
    try #require(rename(self(name + ".new"), self(name)) == 0)
  }

  func makeFolder(_ name: String) throws { try #require(mkdir(self(name), 0o755) == 0) }

  func link(_ name: String, to target: String) throws {
    try #require(symlink(target, self(name)) == 0)
  }

  /// Turns a link elsewhere in one step, as Kubernetes does.
  func turn(_ name: String, to target: String) throws {
    try link(name + "_tmp", to: target)
    try #require(rename(self(name + "_tmp"), self(name)) == 0)
  }

  func delete(_ name: String) throws { try #require(unlink(self(name)) == 0) }
}
