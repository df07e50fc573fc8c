import Glibc
import Testing

/// A folder of a test's own, removed with the sockets in it.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/oairouter.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["admin.sock", "admin-\(getpid()).sock", "admin-1.sock", "other"] {
      unlink(path + "/" + name)
    }
    rmdir(path)
  }

  func mode(_ name: String = "") -> mode_t {
    var status = stat()
    return lstat(path + "/" + name, &status) == 0 ? status.st_mode & 0o7777 : 0
  }
}
