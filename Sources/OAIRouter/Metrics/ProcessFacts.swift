import Glibc
import OAIRSys

/// What the kernel knows of this process, for the metrics whose names all programs share.
struct ProcessFacts {
  /// Time on processors, in nanoseconds.
  let cpuNanoseconds: UInt64
  /// Bytes in memory.
  let residentBytes: UInt64
  /// Bytes of address space.
  let virtualBytes: UInt64
  /// Descriptors that are open; nil where the kernel doesn't tell at once.
  let openDescriptors: UInt64?
  /// Descriptors that may be open.
  let maximumDescriptors: UInt64

  /// Looks.
  ///
  /// Costs three system calls. On any thread but a reactor's.
  init() {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    cpuNanoseconds = Self.nanoseconds(usage.ru_utime) + Self.nanoseconds(usage.ru_stime)
    // proc(5): size and resident are the first two numbers of statm, in pages.
    let pages = Self.numbers("/proc/self/statm")
    let pageSize = UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
    virtualBytes = (pages.first ?? 0) * pageSize
    residentBytes = (pages.dropFirst().first ?? 0) * pageSize
    // Since Linux 6.2 the folder's size is how many there are; before it is 0.
    var folder = stat()
    let isKnown = stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0
    openDescriptors = isKnown ? UInt64(clamping: folder.st_size) : Self.countDescriptors()
    maximumDescriptors = UInt64(clamping: DescriptorLimit.current)
  }

  /// When this process began, in seconds since 1970.
  static func startTime() -> Double {
    var wall = timespec()
    var boot = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    clock_gettime(CLOCK_BOOTTIME, &boot)
    // proc(5): starttime is the 22nd field, the 20th behind the name, in clock ticks since boot.
    let text = read("/proc/self/stat")
    let rest = text.lastIndex(of: ")").map { text[text.index(after: $0)...] } ?? ""
    let fields = rest.split(separator: " ")
    let ticks = fields.count > 19 ? Double(fields[19]) ?? 0 : 0
    let started = ticks / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    return Double(wall.tv_sec - boot.tv_sec) + started
  }

  private static func nanoseconds(_ time: timeval) -> UInt64 {
    UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_usec) * 1000
  }

  private static func countDescriptors() -> UInt64? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count: UInt64 = 0
    while readdir(folder) != nil { count += 1 }
    // Itself, its parent and the one that looks.
    return count > 3 ? count - 3 : 0
  }

  private static func numbers(_ path: String) -> [UInt64] {
    read(path).split(separator: " ").compactMap { UInt64($0) }
  }

  /// A short file of the kernel's.
  private static func read(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }
}
