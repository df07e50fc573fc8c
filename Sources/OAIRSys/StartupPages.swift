import Glibc

/// The pages of program code that are in memory since the start, which touches far more of it than
/// serving does: arguments, configuration, the runtime's search through every type of the program.
public enum StartupPages {
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
