import Dispatch
import OAIRSys

/// A file between two looks at it: how it was.
///
/// Confined to the task that follows it.
struct WatchedFile {
  let path: String
  let watcher: FolderWatcher?
  let news: AsyncStream<FollowedFile.News>.Continuation
  /// Watches everything on the way to a path; what can't be watched, in plain words.
  private let watch: @Sendable (String) -> String?
  private var stamp: FileStamp?
  private var isFirst = true
  /// What can't be watched, as it was told last; nil: everything can.
  private var unwatched: String?
  private var alarm: Task<Void, any Error>?

  init(
    path: String,
    watcher: FolderWatcher?,
    news: AsyncStream<FollowedFile.News>.Continuation,
    watch: (@Sendable (String) -> String?)? = nil
  ) {
    self.path = path
    self.watcher = watcher
    self.news = news
    self.watch = watch ?? { path in watcher.flatMap { Self.watch(path, $0) } }
  }

  /// Looks once, and tells what is new.
  ///
  /// - Returns: false when the file is being written: it's worth another look soon.
  mutating func look() async -> Bool {
    // At the start nothing tells when its writer has finished; a file that is there counts.
    let isWhole = watcher?.takeIsWhole() ?? false
    let (reading, unwatched) = await read(isWhole: isWhole || isFirst)
    isFirst = false
    tell(unwatched: unwatched)
    defer { news.yield(.looked) }
    switch reading {
    case .unsettled: return false
    case .unchanged: break
    case .failed(let reason):
      // When it's there again, it's read again.
      stamp = nil
      news.yield(.unreadable(reason))
    case .contents(let bytes, let stamp):
      self.stamp = stamp
      news.yield(.contents(bytes))
    }
    return true
  }

  /// Once when it begins, and once when it's over: a look is taken every few seconds.
  private mutating func tell(unwatched: String?) {
    guard unwatched != self.unwatched else { return }
    self.unwatched = unwatched
    news.yield(unwatched.map { .unwatched($0) } ?? .watched)
  }

  /// Watches first, then reads: what changes in between is heard of.
  ///
  /// On a thread that may block: network file systems can hang.
  private func read(isWhole: Bool) async -> (FileReading, unwatched: String?) {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async { [path, watch, stamp] in
        let unwatched = watch(path)
        let reading = FileReading.look(path, former: stamp, isWhole: isWhole)
        continuation.resume(returning: (reading, unwatched))
      }
    }
  }

  /// - Returns: what can't be watched, in plain words.
  private static func watch(_ path: String, _ watcher: FolderWatcher) -> String? {
    var trail = PathTrail(path)
    var failure = watcher.follow(trail)
    // The path may have been led elsewhere before the watches stood.
    for _ in 0..<DiscoveryLimits.trailChecks {
      let now = PathTrail(path)
      guard now != trail else { break }
      trail = now
      failure = watcher.follow(trail)
    }
    return failure.map { "\($0.folder) can't be watched, only looked at: \($0.error)" }
  }

  // MARK: - Alarm

  /// Has a closure called later, in place of the one set before.
  mutating func setAlarm(after pause: Duration, _ ring: @escaping @Sendable () -> Void) {
    alarm?.cancel()
    alarm = Task {
      try await Task.sleep(for: pause)
      ring()
    }
  }

  /// Has nothing called later.
  func cancelAlarm() { alarm?.cancel() }
}
