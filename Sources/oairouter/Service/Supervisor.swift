import Dispatch
import Glibc
import OAIRouter
import Synchronization

// What the router tells the service manager that has started it (systemd, by sd_notify(3)).
//
// A question to the reactor goes out every few seconds. Its answer is made inside the loop, and is
// the evidence for everything that is told: a loop that is stuck gives none, so the watchdog isn't
// fed, and a drain's time isn't extended. The data path has no part in it.
//
//   queue --- ask ---> reactor --- WATCHDOG=1, on its thread
//   queue <- summary ---- |        READY=1, STATUS=…, EXTEND_TIMEOUT_USEC=…

/// The service manager that has started this process, and watches it.
///
/// Callable from any thread; what it knows is on a queue of its own.
final class Supervisor: Sendable {
  /// How often the reactor is asked, at the least.
  static let pace = Duration.seconds(5)
  /// What a stop is extended by with each answer: a few questions may stay without one.
  static let drainExtension = Duration.seconds(30)

  /// LIMIT: how long a manager that takes nothing is waited for when it must hear that this process
  /// is the service again.
  static let takingBack = Duration.seconds(30)

  private enum Phase: Equatable {
    case starting, running, reloading, stopping
  }

  private struct State {
    var phase = Phase.starting
    /// Another process is the service: whatever this one does, nobody is told.
    var isRetired = false
    /// It runs: before that a process speaks for nobody, least of all one that waits for another
    /// one's place.
    var hasStarted = false
    var isAsking = false
    /// It serves, or serves again, and the manager hasn't taken that yet.
    var owesReady = false
    /// The last answer, and the status line that was told of it.
    var summary: RouterSummary?
    var told = ""
    /// What came of the last reload, when it failed.
    var trouble: String?
  }

  private let socket: NotifySocket
  /// How often the manager wants to hear that the loop turns; nil: it doesn't.
  private let watchdog: Duration?
  private let queue = DispatchQueue(label: "oairouter.service")
  private let state = Mutex(State())

  /// - Parameters:
  ///   - socket: where it listens.
  ///   - watchdog: how long it waits for a sign of life; nil: for ever.
  init(_ socket: consuming NotifySocket, watchdog: Duration?) {
    self.socket = socket
    self.watchdog = watchdog
  }

  /// The manager that has started this process, if one has, and wants to be told.
  ///
  /// Removes what it has said from the environment: it isn't meant for children. Before any other
  /// thread exists.
  ///
  /// - Throws: `SystemError` when `NOTIFY_SOCKET` can't be used.
  static func take() throws(SystemError) -> Supervisor? {
    let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
    let values = names.map { getenv($0).map { String(cString: $0) } }
    for name in names { unsetenv(name) }
    guard let place = values[0], !place.isEmpty else { return nil }
    return Supervisor(
      try NotifySocket(place),
      watchdog: watchdog(microseconds: values[1], pid: values[2], own: getpid())
    )
  }

  /// What the variables say of the watchdog: nil when it isn't meant for this process.
  static func watchdog(microseconds: String?, pid: String?, own: Int32) -> Duration? {
    if let pid, Int32(pid) != own { return nil }
    guard let microseconds, let number = Int64(microseconds), number > 0 else { return nil }
    return .microseconds(number)
  }

  /// Between two questions: half of what the watchdog allows (sd_watchdog_enabled(3)).
  var interval: Duration { watchdog.map { min($0 / 2, Self.pace) } ?? Self.pace }

  // MARK: - What happens to the router

  /// It is about to run: the manager hears of it when the reactor has turned.
  func started(_ router: Router) {
    state.withLock { $0.hasStarted = true }
    queue.async { self.tick(router) }
  }

  private func tick(_ router: Router) {
    ask(router)
    let nanoseconds = Int(interval / .nanoseconds(1))
    queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { self.tick(router) }
  }

  /// A reload of the configuration begins; `reloadEnded` follows, whatever comes of it.
  func reloadBegan() {
    let isTold = state.withLock { state in
      guard state.phase == .running else { return false }
      state.phase = .reloading
      return !state.isRetired
    }
    guard isTold else { return }
    let text = "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonic)\nSTATUS=reloading"
    queue.async { [self] in socket.send(text) }
  }

  /// The reload is over.
  ///
  /// - Parameter trouble: why the former configuration goes on; nil when the new one does.
  func reloadEnded(trouble: String? = nil) {
    let isOver = state.withLock { state in
      state.trouble = trouble.map { String($0.prefix { $0 != "\n" }) }
      guard state.phase == .reloading else { return false }
      state.phase = .running
      state.owesReady = true
      return true
    }
    if isOver { queue.async { self.tell() } }
  }

  /// It is about to end; what follows of it is told by the loop's answers.
  ///
  /// - Parameter stage: leaving, when it serves on for a while, or draining.
  func stopping(_ stage: ProxyStage) {
    let isTold = state.withLock { state in
      guard state.hasStarted, state.phase != .stopping else { return false }
      state.phase = .stopping
      return !state.isRetired
    }
    if isTold { socket.send("STOPPING=1\nSTATUS=\(stage.rawValue)\n\(Self.extensionLine)") }
  }

  /// Another process is the service from now on: this one says nothing more.
  ///
  /// That this one may say so needs no more than `NotifyAccess=main`: it still is the main one.
  ///
  /// - Parameter limit: how long a manager that takes nothing is waited for. One that hasn't heard
  ///   of it would take this one's end for the service's.
  /// - Returns: false when it takes nothing: this process goes on as before. A manager that isn't
  ///   there any more is no hindrance.
  func handOver(to pid: Int32, within limit: Duration) -> Bool {
    state.withLock { $0.isRetired = true }
    guard socket.send("MAINPID=\(pid)", within: limit)?.code == EAGAIN else { return true }
    state.withLock { $0.isRetired = false }
    return false
  }

  /// The other process is gone before this one has ended.
  ///
  /// Believed where `NotifyAccess=all` lets others than the main process speak; elsewhere the
  /// manager sees that no process is left.
  ///
  /// - Parameter isGoingOn: this one serves as before; otherwise it ends, so that the manager sees
  ///   an end.
  func takeBack(isGoingOn: Bool) {
    if isGoingOn {
      state.withLock { $0.isRetired = false }
    }
    let text = "MAINPID=\(getpid())\nSTATUS=the successor is gone"
    socket.send(text, within: Self.takingBack)
    // The next answer's status is news again.
    state.withLock { $0.told = "" }
  }

  /// The manager watches this process.
  var isWatching: Bool { watchdog != nil }

  // MARK: - Evidence

  private func ask(_ router: Router) {
    let isFirst = state.withLock { state in
      defer { state.isAsking = true }
      return !state.isAsking
    }
    // The loop still owes an answer.
    guard isFirst else { return }
    router.summary { [self] summary in
      // On the reactor's thread.
      guard let summary else { return }
      let isSilent = watchdog == nil || state.withLock { $0.isRetired }
      if !isSilent { socket.send("WATCHDOG=1", within: .zero) }
      queue.async { self.answered(summary) }
    }
  }

  private func answered(_ summary: RouterSummary) {
    state.withLock { state in
      state.isAsking = false
      state.summary = summary
      if state.phase == .starting {
        state.phase = .running
        state.owesReady = true
      }
    }
    tell()
  }

  /// Tells what has changed; what the manager doesn't take is told with the next answer.
  ///
  /// On the queue.
  private func tell() {
    let (text, status, paysReady) = state.withLock { state in
      var lines: [String] = []
      guard let summary = state.summary, !state.isRetired, state.phase != .reloading else {
        return ("", state.told, false)
      }
      if state.owesReady { lines.append("READY=1") }
      if state.phase == .stopping { lines.append(Self.extensionLine) }
      let status = Self.status(summary, phase: state.phase, trouble: state.trouble)
      if status != state.told || state.owesReady { lines.append("STATUS=\(status)") }
      return (lines.joined(separator: "\n"), status, state.owesReady)
    }
    guard !text.isEmpty, socket.send(text) == nil else { return }
    state.withLock { state in
      state.told = status
      if paysReady { state.owesReady = false }
    }
  }

  private static func status(_ summary: RouterSummary, phase: Phase, trouble: String?) -> String {
    var parts = [
      "\(summary.readyBackends)/\(summary.backends) backends ready",
      Terminal.count(summary.models, "model"), Terminal.count(summary.streams, "stream"),
    ]
    // It may not have heard of it yet.
    if phase == .stopping { parts.insert(max(.leaving, summary.stage).rawValue, at: 0) }
    if let trouble { parts.append("reload failed: \(trouble)") }
    return parts.joined(separator: ", ")
  }

  private static var extensionLine: String {
    "EXTEND_TIMEOUT_USEC=\(Int(drainExtension / .microseconds(1)))"
  }

  /// CLOCK_MONOTONIC, by which a manager tells this reload's end from an earlier one's.
  private static var monotonic: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
  }
}
