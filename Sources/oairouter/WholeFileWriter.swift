import Glibc
import OAIRouter

/// Writes files so that a reader finds the former contents or the new ones, and never a part.
enum WholeFileWriter {
  /// Writes a file beside it, and renames that over it (rename(2)).
  ///
  /// On the caller's thread, which may block.
  ///
  /// - Parameters:
  ///   - bytes: the new contents.
  ///   - path: of the file, which needs not be there; its folder must.
  /// - Throws: `SystemError` of open, write, fsync or rename; what was there stays then.
  static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let temporary = "\(path).\(getpid()).tmp"
    let raw = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard raw >= 0 else { throw SystemError("open", Errno(errno)) }
    do throws(SystemError) {
      try fill(OwnedFD(owning: FileDescriptor(raw)), bytes)
      guard rename(temporary, path) == 0 else { throw SystemError("rename", Errno(errno)) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func fill(_ file: consuming OwnedFD, _ bytes: [UInt8]) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file.descriptor.raw, $0.baseAddress.map { $0 + written }, $0.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemError("write", Errno(errno)) }
      written += count
    }
    // Else a crash may leave the new name without the contents.
    guard fsync(file.descriptor.raw) == 0 else { throw SystemError("fsync", Errno(errno)) }
  }
}
