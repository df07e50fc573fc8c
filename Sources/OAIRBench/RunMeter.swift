import Glibc
import OAIRSys

/// What the watched processes and this thread have used between two moments.
struct RunMeter {
  private let processes: [Int32]
  private var beginTime: UInt64 = 0
  private var beginCPU: [ProcessUsage?] = []
  private var beginOwn: UInt64 = 0
  private(set) var hasBegun = false
  private(set) var seconds = 0.0
  /// Share of one core that this thread took: near 1, the generator was the limit.
  private(set) var ownShare = 0.0
  /// nil: nobody is watched, or one of them has gone.
  private(set) var usage: ProcessUsage?
  /// The most resident memory that was seen in the measured time, in bytes.
  private(set) var residentPeak = 0

  init(_ processes: [Int32]) { self.processes = processes }

  mutating func begin(at now: UInt64) {
    hasBegun = true
    beginTime = now
    beginCPU = processes.map(ProcessUsage.init(of:))
    beginOwn = Self.ownCPU()
    residentPeak = beginCPU.reduce(0) { $0 + ($1?.resident ?? 0) }
  }

  /// Looks at the memory of the watched processes, between begin and end.
  mutating func sample() {
    guard hasBegun, usage == nil, !processes.isEmpty else { return }
    let resident = processes.reduce(0) { $0 + ProcessUsage.resident(of: $1) }
    residentPeak = max(residentPeak, resident)
  }

  mutating func end(at now: UInt64) {
    guard hasBegun, now > beginTime else { return }
    seconds = Double(now &- beginTime) / 1e9
    ownShare = Double(Self.ownCPU() &- beginOwn) / 1e9 / seconds
    guard !processes.isEmpty else { return }
    var sum = ProcessUsage()
    for (process, before) in zip(processes, beginCPU) {
      guard let before, let after = ProcessUsage(of: process) else { return }
      sum.add(after, since: before)
    }
    usage = sum
    residentPeak = max(residentPeak, sum.resident)
  }

  private static func ownCPU() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// What a process has used so far.
public struct ProcessUsage: Equatable, Sendable {
  /// CPU time of all its threads, those that have ended included, in nanoseconds.
  public private(set) var cpu: UInt64 = 0
  /// How much of it was spent in the kernel, in clock ticks (proc_pid_stat(5)).
  public private(set) var systemTicks: UInt64 = 0
  /// In user space, in clock ticks.
  public private(set) var userTicks: UInt64 = 0
  /// Resident memory, in bytes.
  public private(set) var resident: Int = 0

  init() {}

  /// Reads the kernel's books.
  ///
  /// - Parameter process: its id.
  /// - Returns: nil when there is no such process.
  public init?(of process: Int32) {
    // To the nanosecond, while /proc/PID/stat counts in hundredths of a second.
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0,
      let stat = Self.text("/proc/\(process)/stat"),
      let status = Self.text("/proc/\(process)/status"),
      let ticks = Self.ticks(stat)
    else { return nil }
    cpu = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    (userTicks, systemTicks) = ticks
    resident = Self.resident(status)
  }

  /// Resident memory alone, in bytes; 0 when there is no such process.
  static func resident(of process: Int32) -> Int {
    text("/proc/\(process)/status").map(resident) ?? 0
  }

  mutating func add(_ after: ProcessUsage, since before: ProcessUsage) {
    cpu &+= after.cpu &- before.cpu
    systemTicks &+= after.systemTicks &- before.systemTicks
    userTicks &+= after.userTicks &- before.userTicks
    resident += after.resident
  }

  /// Fields 14 and 15 of proc_pid_stat(5): utime and stime.
  ///
  /// The name, which stands in parentheses, may hold spaces and parentheses itself.
  static func ticks(_ stat: String) -> (UInt64, UInt64)? {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[end...].dropFirst(2).split(separator: " ")
    guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]) else {
      return nil
    }
    return (user, system)
  }

  /// `VmRSS` of proc_pid_status(5), in bytes; 0 of a kernel thread, which has none.
  static func resident(_ status: String) -> Int {
    for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      if words.count > 1, let kilobytes = Int(words[1]) { return kilobytes * 1024 }
    }
    return 0
  }

  private static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }
}
