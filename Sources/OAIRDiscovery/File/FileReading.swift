import Glibc
import OAIRSys

/// What tells one state of a file from the next.
struct FileStamp: Equatable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int
  private let changed: [Int]
  /// When its contents were last written, in nanoseconds since 1970.
  let modifiedAt: Int

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int(status.st_size)
    changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    modifiedAt = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
  }
}

/// What a look at a file brought.
enum FileReading {
  /// It's as it was.
  case unchanged
  /// Somebody seems to be writing it.
  case unsettled
  /// Its contents.
  case contents([UInt8], FileStamp)
  /// It can't be read: why, in plain words.
  case failed(String)

  /// Looks at a file.
  ///
  /// On the caller's thread, which may block.
  ///
  /// - Parameters:
  ///   - path: of a regular file, or of a link to one.
  ///   - former: how it was when it was read last.
  ///   - isWhole: it's known that its writer has finished.
  ///   - limit: bytes that it may have.
  static func look(
    _ path: String,
    former: FileStamp?,
    isWhole: Bool,
    limit: Int = DiscoveryLimits.backendFile
  ) -> FileReading {
    // Non-blocking: opening a FIFO would wait for its writer.
    let raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard raw >= 0 else { return .failed(Errno(errno).text) }
    let file = OwnedFD(owning: FileDescriptor(raw))
    var status = stat()
    guard fstat(file.descriptor.raw, &status) == 0 else { return .failed(Errno(errno).text) }
    guard status.st_mode & S_IFMT == S_IFREG else { return .failed("it isn't a regular file") }
    guard status.st_size <= limit else {
      return .failed("it is larger than \(limit) bytes")
    }
    let stamp = FileStamp(status)
    if stamp == former { return .unchanged }
    if !isWhole, !isSettled(stamp) { return .unsettled }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
    var count = 0
    while count < bytes.count {
      let length = bytes.withUnsafeMutableBytes {
        Glibc.read(file.descriptor.raw, $0.baseAddress.map { $0 + count }, $0.count - count)
      }
      if length < 0, errno == EINTR { continue }
      guard length >= 0 else { return .failed(Errno(errno).text) }
      if length == 0 { break }
      count += length
    }
    // Written to while it was read: half of the old one and half of the new.
    guard fstat(file.descriptor.raw, &status) == 0, FileStamp(status) == stamp,
      count == Int(status.st_size)
    else { return .unsettled }
    return .contents(Array(bytes[..<count]), stamp)
  }

  private static func isSettled(_ stamp: FileStamp) -> Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let age = now.tv_sec * 1_000_000_000 + now.tv_nsec - stamp.modifiedAt
    // One from the future was written with another clock, long enough ago or not.
    return age < 0 || Duration.nanoseconds(age) >= DiscoveryLimits.fileSettling
  }
}

/// Why a file can't be read.
package struct FileTrouble: Error, Equatable, Sendable {
  /// In plain words.
  package let reason: String
}

/// Reads files that programs are configured by.
package enum WholeFile {
  /// Reads a file as it is.
  ///
  /// On the caller's thread, which may block.
  ///
  /// - Throws: `DocumentError` when it can't be read, or is larger than
  ///   `DiscoveryLimits.backendFile`.
  package static func read(_ path: String) throws(DocumentError) -> [UInt8] {
    do throws(FileTrouble) {
      return try contents(path, limit: DiscoveryLimits.backendFile)
    } catch { throw DocumentError("the file can't be read: \(error.reason)") }
  }

  /// Reads a file as it is.
  ///
  /// On the caller's thread, which may block; a FIFO isn't waited for.
  ///
  /// - Parameter limit: bytes that it may have.
  /// - Throws: `FileTrouble` when it can't be read, is larger, or isn't a regular file.
  package static func contents(_ path: String, limit: Int) throws(FileTrouble) -> [UInt8] {
    switch FileReading.look(path, former: nil, isWhole: true, limit: limit) {
    case .contents(let bytes, _): return bytes
    case .failed(let reason): throw FileTrouble(reason: reason)
    case .unchanged, .unsettled: throw FileTrouble(reason: "it is being written")
    }
  }
}
