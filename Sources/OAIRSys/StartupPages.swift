import COAIRSys
import Glibc

/// The pages that a program's start is about: those of its variables, which it has to write to, and
/// those of its code, of which it touches far more than serving does (arguments, configuration, the
/// runtime's search through every type of the program).
public enum StartupPages {
  /// Has the pages of the program's variables copied at once, to be called while it has one thread.
  ///
  /// Most of them are read and then written to by the time the program serves. Copying a page that
  /// was read before means telling the other processors in which the program has threads
  /// (their TLBs know the page in the file's cache), and waiting for them: a fifth of the time
  /// until the first answer on a virtual machine.
  ///
  /// - Returns: whether it was done; not where the kernel can't (before Linux 5.14). All goes on as
  ///   well without it.
  @discardableResult
  public static func ownVariables() -> Bool {
    let page = UInt(getpagesize())
    let start = UInt(bitPattern: oair_data_start()) & ~(page - 1)
    let end = UInt(bitPattern: oair_data_end())
    guard start > 0, start < end else { return false }
    // SAFETY: the writable part of this program's file, which stays mapped. What it holds is kept:
    // pages are copied as a write to them would have it (madvise(2)). Where a page isn't writable,
    // as those that the runtime protects, the call ends with what is behind it as it was.
    let variables = UnsafeMutableRawPointer(bitPattern: start)
    return madvise(variables, Int(end - start), MADV_POPULATE_WRITE) == 0 || errno == EFAULT
  }

  /// LIMIT: bytes of the list of mappings that are looked at; the rest of it stays as it is.
  private static let listed = 1 << 20

  /// Lets go of them: what is needed again comes from the page cache, with a minor fault.
  ///
  /// Only code is let go of, which nobody has written to; so nothing is lost. (A debugger's
  /// breakpoints are.)
  ///
  /// - Returns: how many bytes of code are mapped; 0 where the list of mappings can't be read.
  @discardableResult
  public static func release() -> Int {
    var size = 0
    for mapping in codeMappings() {
      // SAFETY: a mapping of this process, which stays mapped; its pages are those of a file, and
      // unchanged.
      madvise(UnsafeMutableRawPointer(bitPattern: mapping.lowerBound), mapping.count, MADV_DONTNEED)
      size += mapping.count
    }
    return size
  }

  private static func codeMappings() -> [Range<UInt>] {
    String(decoding: mappings(), as: UTF8.self).split(separator: "\n").compactMap(codeMapping)
  }

  /// The address range of a line of `/proc/PID/maps` (proc(5)) that maps code of a file.
  ///
  /// - Returns: nil for every other mapping, among them all that can be written to, or could have
  ///   been before it was protected.
  static func codeMapping(_ line: Substring) -> Range<UInt>? {
    // address perms offset dev inode pathname
    let fields = line.split(separator: " ", maxSplits: 5)
    guard fields.count == 6, fields[1] == "r-xp", fields[5].contains("/") else { return nil }
    let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
    guard ends.count == 2, ends[0] > 0, ends[0] < ends[1] else { return nil }
    return ends[0]..<ends[1]
  }

  private static func mappings() -> [UInt8] {
    let descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    return [UInt8](unsafeUninitializedCapacity: listed) { buffer, count in
      while let start = buffer.baseAddress, count < buffer.count {
        let got = read(descriptor, start + count, buffer.count - count)
        guard got > 0 else { break }
        count += got
      }
    }
  }
}
