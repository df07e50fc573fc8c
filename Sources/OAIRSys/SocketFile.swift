import Glibc

/// The file of a unix socket that this process listens on.
///
/// It outlives its listener, and would look like a server to others; but by then another process
/// may have put its own in its place.
public struct SocketFile: Sendable {
  /// Where it is.
  public let path: String
  private let device: UInt
  private let inode: UInt

  /// Remembers which file it is.
  ///
  /// - Returns: nil when there is no socket at the path.
  public init?(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    self.path = path
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
  }

  /// Removes it, unless another file is there by now.
  public func remove() {
    guard let present = SocketFile(path), present.inode == inode, present.device == device else {
      return
    }
    unlink(path)
  }
}
