import Dispatch
import OAIRSys

/// A file between two looks at it: how it was, and what was said about it.
///
/// Confined to the task of its discoverer.
struct WatchedFile {
  let path: String
  let parse: FileDiscoverer.Parse
  let watcher: FolderWatcher?
  let list: FollowedList
  private var stamp: FileStamp?
  /// The last trouble that was told; the same isn't told twice.
  private var trouble: String?
  private var isFirst = true
  private var alarm: Task<Void, any Error>?

  init(
    path: String,
    parse: @escaping FileDiscoverer.Parse,
    watcher: FolderWatcher?,
    list: FollowedList
  ) {
    self.path = path
    self.parse = parse
    self.watcher = watcher
    self.list = list
  }

  /// Looks once, and takes over what is new.
  ///
  /// - Returns: false when the file is being written: it's worth another look soon.
  mutating func look() async -> Bool {
    // At the start nothing tells when its writer has finished; a file that is there counts.
    let isWhole = watcher?.takeIsWhole() ?? false
    let (reading, unwatched) = await read(isWhole: isWhole || isFirst)
    isFirst = false
    defer { list.complete() }
    switch reading {
    case .unsettled: return false
    case .unchanged: break
    case .failed(let reason):
      // When it's there again, it's read again.
      stamp = nil
      tell("\(path) can't be read: \(reason); the former backends stay")
    case .contents(let bytes, let stamp):
      self.stamp = stamp
      do throws(DocumentError) {
        list.replace(by: try parse(bytes))
        trouble = nil
      } catch {
        let place = error.line == nil ? "\(path): " : "\(path):"
        tell("\(place)\(error); the former backends stay")
      }
    }
    if trouble == nil, let unwatched { tell(unwatched) }
    return true
  }

  private mutating func tell(_ trouble: String) {
    guard trouble != self.trouble else { return }
    self.trouble = trouble
    list.tell(.troubled(trouble))
  }

  /// Watches first, then reads: what changes in between is heard of.
  ///
  /// On a thread that may block: network file systems can hang.
  private func read(isWhole: Bool) async -> (FileReading, unwatched: String?) {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async { [path, watcher, stamp] in
        let unwatched = watcher.flatMap { Self.watch(path, $0) }
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
