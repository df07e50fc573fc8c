import Dispatch
import OAIRDiscovery
import OAIRouter
import Synchronization

// One task reads, checks and hands over, one cause after the other: SIGHUP, and changes of the
// file. What it hands over takes effect as a whole, or not at all.

/// Reads the configuration anew while the router runs.
final class ConfigurationReloader: Sendable {
  /// Why the configuration is read.
  private enum Cause {
    case signal
    case file([UInt8])
    case unreadable(String)

    var name: String { if case .signal = self { "SIGHUP" } else { "file" } }
  }

  /// What a running router can be told, and what it is told with it.
  private struct Plan {
    let setup: RouterSetup
    let options: RouterOptions
  }

  /// The configuration that holds; the one task's own.
  private struct Known {
    /// What the file had when it was looked at last, taken or not.
    var bytes: [UInt8]?
    /// What was taken last.
    var settings: Settings
    /// What was taken last is a file without a byte of content.
    var isBlank: Bool
  }

  private let source: ConfigurationSource
  private let started: RouterSetup
  private let options: RouterOptions
  /// A backend that no configuration takes away.
  private let demo: ConfiguredBackend?
  private let router: Router
  private let record: ReloadRecord
  private let observer: ReloadObserver
  /// A request waits.
  private let isRequested = Atomic<Bool>(false)
  private let causes: AsyncStream<Cause>
  private let inbox: AsyncStream<Cause>.Continuation

  /// - Parameters:
  ///   - source: where settings come from.
  ///   - setup: what the router was started with.
  ///   - options: made of it.
  ///   - demo: the built-in backend, if it is served.
  ///   - router: whose options change.
  ///   - record: where it is written down what became of each.
  ///   - observer: told when a reload begins and ends.
  init(
    _ source: ConfigurationSource,
    setup: RouterSetup,
    options: RouterOptions,
    demo: ConfiguredBackend?,
    router: Router,
    record: ReloadRecord,
    observer: ReloadObserver = ReloadObserver()
  ) {
    self.source = source
    started = setup
    self.options = options
    self.demo = demo
    self.router = router
    self.record = record
    self.observer = observer
    (causes, inbox) = AsyncStream.makeStream(of: Cause.self)
  }

  /// Asks for a reload, as SIGHUP does.
  ///
  /// Returns at once; callable from any thread.
  func request() {
    // What waits already will read what is there by then.
    guard !isRequested.exchange(true, ordering: .sequentiallyConsistent) else { return }
    inbox.yield(.signal)
  }

  /// Takes requests, and follows the file, if there is one; for ever.
  ///
  /// - Parameters:
  ///   - bytes: what the file had at the start.
  ///   - news: what becomes of the file; nil: it is followed.
  func run(bytes: [UInt8]?, news: AsyncStream<FollowedFile.News>? = nil) async {
    if source.isPiped, let path = source.path {
      options.logger.notice(
        "configuration not followed",
        metadata: ["path": .string(path), "reason": "it came through a pipe"]
      )
    } else if let path = source.path {
      let news = news ?? router.news(of: FollowedFile(path: path))
      Task.detached { await self.follow(news, path) }
    }
    var known = Known(
      bytes: bytes,
      settings: started.settings,
      isBlank: bytes.map(ConfigurationSource.isBlank) ?? false
    )
    for await cause in causes { await take(cause, &known) }
  }

  private func follow(_ news: AsyncStream<FollowedFile.News>, _ path: String) async {
    for await news in news {
      switch news {
      case .contents(let bytes): inbox.yield(.file(bytes))
      case .unreadable(let reason): inbox.yield(.unreadable("\(path): \(reason)"))
      case .unwatched(let reason):
        options.logger.warning("configuration unwatched", metadata: ["reason": .string(reason)])
      case .watched:
        options.logger.notice("configuration watched again", metadata: ["path": .string(path)])
      case .looked: break
      }
    }
  }

  // MARK: - One reload

  private func take(_ cause: Cause, _ known: inout Known) async {
    switch cause {
    // What was read for another cause, or at the start.
    case .file(let bytes) where bytes == known.bytes: return
    // It was gone already.
    case .unreadable where known.bytes == nil: return
    case .signal: isRequested.store(false, ordering: .sequentiallyConsistent)
    default: break
    }
    guard await !isSuperseded(cause) else { return }
    observer.began()
    observer.ended(await reload(cause, &known))
  }

  /// - Returns: what is wrong with the configuration; nil when it holds.
  private func reload(_ cause: Cause, _ known: inout Known) async -> String? {
    let (bytes, plan) = await read(cause)
    known.bytes = bytes
    do throws(SettingsFailure) {
      let isBlank = bytes.map(ConfigurationSource.isBlank) ?? false
      if isBlank, !known.isBlank {
        throw SettingsFailure(
          "the file is empty, as if it were not wholly written; {} says that everything has its "
            + "default"
        )
      }
      let plan = try plan.get()
      if let loss = Self.loss(plan.setup.settings, former: known.settings, cause) { throw loss }
      let outcome = try await apply(plan)
      tell(outcome, plan.setup.settings, cause, former: known.settings)
      known.settings = plan.setup.settings
      known.isBlank = isBlank
      return nil
    } catch {
      let reason = error.problems.joined(separator: "; ")
      record.rejected(reason)
      options.logger.error(
        "configuration rejected",
        metadata: ["cause": .string(cause.name), "reason": .string(reason)]
      )
      return reason
    }
  }

  /// What waits while another reload is at work may be old by now: what has taken its place is
  /// read, or told of, by itself.
  private func isSuperseded(_ cause: Cause) async -> Bool {
    if case .signal = cause { return false }
    return await withCheckedContinuation { continuation in
      // A thread that may block.
      DispatchQueue.global(qos: .utility).async { [source] in
        let now = (try? source.bytes()) ?? nil
        switch cause {
        case .file(let bytes): continuation.resume(returning: now != bytes)
        case .unreadable, .signal: continuation.resume(returning: now != nil)
        }
      }
    }
  }

  /// What a file that is half written would lose, and what opens a router to everybody: only a
  /// command takes it away.
  private static func loss(
    _ settings: Settings,
    former: Settings,
    _ cause: Cause
  ) -> SettingsFailure? {
    guard case .file = cause else { return nil }
    let lost = ["keys", "admin_key_file", "backends"].filter { path in
      let none = SettingTable.key(path)?.standard
      return settings.value(path) == none && former.value(path) != none
    }
    guard !lost.isEmpty else { return nil }
    return SettingsFailure(
      "the file has nothing left of \(lost.joined(separator: ", ")), as if it were not wholly "
        + "written; send SIGHUP to have that taken over"
    )
  }

  /// Reads and checks: the file, and those with secrets that it names.
  ///
  /// On a thread that may block: network file systems can hang.
  private func read(_ cause: Cause) async -> ([UInt8]?, Result<Plan, SettingsFailure>) {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async { [self] in
        var bytes: [UInt8]?
        do throws(SettingsFailure) {
          switch cause {
          case .signal: bytes = try source.bytes()
          case .file(let contents): bytes = contents
          case .unreadable(let reason): throw SettingsFailure(reason)
          }
          continuation.resume(returning: (bytes, .success(try plan(bytes))))
        } catch { continuation.resume(returning: (bytes, .failure(error))) }
      }
    }
  }

  private func plan(_ bytes: [UInt8]?) throws(SettingsFailure) -> Plan {
    let setup = try source.setup(
      of: bytes,
      discover: started.discover,
      hasDemo: started.hasDemo
    )
    // What waits for a restart must be good for one.
    var options =
      awaitingRestart(setup.settings).isEmpty
      ? try setup.reloadable() : try setup.options()
    if let demo { options.backends.append(demo) }
    return Plan(setup: setup, options: options)
  }

  private func awaitingRestart(_ settings: Settings) -> [String] {
    started.awaitingRestart(for: settings)
  }

  private func apply(_ plan: Plan) async throws(SettingsFailure) -> Reconfiguration {
    do throws(RouterError) {
      return try await router.reconfigure(plan.options)
    } catch {
      if case .configuration(let error) = error { throw plan.setup.failure(error) }
      throw SettingsFailure("\(error)")
    }
  }

  // MARK: - What is told of it

  private func tell(
    _ outcome: Reconfiguration,
    _ settings: Settings,
    _ cause: Cause,
    former: Settings
  ) {
    let changed = settings.differences(from: former).filter(\.isLive).map(\.path)
    if changed.contains("log.level") {
      options.logLevel?.level = RouterSetup(settings: settings).level
    }
    let waiting = awaitingRestart(settings)
    record.taken(awaitingRestart: waiting)
    var metadata: Logger.Metadata = ["cause": .string(cause.name)]
    if outcome.isChanged || !changed.isEmpty {
      // Nothing but what is in files that it names.
      let names = changed.isEmpty ? ["secrets"] : changed
      metadata["changed"] = .string(names.joined(separator: ", "))
      metadata["generation"] = "\(outcome.generation)"
      options.logger.notice("configuration reloaded", metadata: metadata)
    } else if source.path == nil {
      metadata["reason"] = "no configuration file is given"
      options.logger.notice("nothing to reload", metadata: metadata)
    } else {
      options.logger.notice("configuration unchanged", metadata: metadata)
    }
    guard !waiting.isEmpty else { return }
    options.logger.warning(
      "settings await a restart",
      metadata: ["settings": .string(waiting.joined(separator: ", "))]
    )
  }
}

/// Told of reloads: a service manager may want to know when one runs.
struct ReloadObserver: Sendable {
  /// The configuration is about to be read.
  var began: @Sendable () -> Void = {}
  /// It holds, or what is wrong with it.
  var ended: @Sendable (_ trouble: String?) -> Void = { _ in }
}
