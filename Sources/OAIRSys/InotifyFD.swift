import Glibc

/// Notices of what happens to the names in folders (inotify(7)).
///
/// Folders may be added and removed on any thread while another one reads.
public struct InotifyFD: ~Copyable, Sendable {
  /// A folder that is watched; adding it again gives the same number.
  public typealias Watch = Int32

  /// Something happened.
  public enum Notice: Equatable, Sendable {
    /// A name in a folder came by a rename, went, or was closed by its writer: what is there is
    /// whole.
    case changed(Watch, name: String)
    /// A name was created: a link or a folder, or a file that is yet to be written.
    case created(Watch, name: String)
    /// The folder itself was moved or deleted, or its file system unmounted.
    case gone(Watch)
    /// Notices were lost: anything may have happened.
    case overflowed
  }

  private static let interest = UInt32(
    IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF
      | IN_MOVE_SELF | IN_ONLYDIR
  )
  /// Room for many notices at once; each has at most a header and NAME_MAX + 1 bytes.
  private static let bufferSize = 16 << 10

  private let owner: OwnedFD

  /// Opens one, non-blocking and close-on-exec.
  ///
  /// - Throws: `SystemError` when no descriptor is left, or the user has too many of its kind.
  public init() throws(SystemError) {
    let raw = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard raw >= 0 else { throw SystemError("inotify_init1", .current) }
    owner = OwnedFD(owning: FileDescriptor(raw))
  }

  /// What to watch for readability.
  public var descriptor: FileDescriptor { owner.descriptor }

  /// Starts to watch a folder.
  ///
  /// - Throws: `SystemError` when it isn't there, or the user watches too many (ENOSPC).
  public func watch(_ folder: String) throws(SystemError) -> Watch {
    let watch = inotify_add_watch(descriptor.raw, folder, Self.interest)
    guard watch >= 0 else { throw SystemError("inotify_add_watch", .current) }
    return watch
  }

  /// Ends the watch of a folder; one that has ended by itself is ignored.
  public func unwatch(_ watch: Watch) { inotify_rm_watch(descriptor.raw, watch) }

  /// Reads what has happened; empty when nothing has.
  public func read() -> [Notice] {
    var notices: [Notice] = []
    withUnsafeTemporaryAllocation(byteCount: Self.bufferSize, alignment: 16) { buffer in
      while true {
        let count = Glibc.read(descriptor.raw, buffer.baseAddress, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        Self.parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &notices)
      }
    }
    return notices
  }

  private static func parse(_ bytes: UnsafeRawBufferPointer, into notices: inout [Notice]) {
    let header = MemoryLayout<inotify_event>.size
    var offset = 0
    while offset + header <= bytes.count {
      // SAFETY: the kernel writes whole events: this header, then `len` bytes of a padded name.
      let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
      let end = offset + header + Int(event.len)
      let name = bytes[(offset + header)..<min(end, bytes.count)].prefix { $0 != 0 }
      if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
        notices.append(.overflowed)
      } else if event.mask & UInt32(IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT) != 0 {
        notices.append(.gone(event.wd))
      } else {
        let name = String(decoding: name, as: UTF8.self)
        let isCreation = event.mask & UInt32(IN_CREATE) != 0
        notices.append(isCreation ? .created(event.wd, name: name) : .changed(event.wd, name: name))
      }
      offset = end
    }
  }
}
