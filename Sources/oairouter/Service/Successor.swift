import Glibc
import OAIRouter

/// A process that was started to go on in this one's place: the former's side of an upgrade.
///
/// Blocks; on a thread of its own.
final class Successor: Sendable {
  let process: ChildProcess
  private let channel: MessageChannel

  private init(_ process: ChildProcess, _ channel: MessageChannel) {
    self.process = process
    self.channel = channel
  }

  /// Why it can't go on.
  struct Failure: Error, Equatable {
    let reason: String
  }

  /// Starts it, with duplicates of the listeners.
  ///
  /// - Parameters:
  ///   - program: its path.
  ///   - start: how this process was started.
  ///   - listeners: what it gets; they stay the caller's.
  ///   - upgrades: what was counted so far.
  ///   - outlivesTerminal: the terminal that this process was started from may go.
  ///   - isWatched: the service manager's watchdog is for this process, and so for the next one.
  static func start(
    _ program: String,
    as start: ProcessStart,
    _ listeners: [HandedListener],
    _ upgrades: UpgradeRecord.State,
    isWatched: Bool,
    outlivesTerminal: Bool = false
  ) throws(Failure) -> Successor {
    do throws(SystemError) {
      let (ours, theirs) = try MessageChannel.pair()
      let process = try ChildProcess(
        program,
        arguments: start.arguments,
        environment: environment(
          start,
          listeners,
          upgrades,
          isWatched: isWatched,
          outlivesTerminal: outlivesTerminal
        ),
        descriptors: listeners.map(\.descriptor) + [theirs.descriptor]
      )
      return withExtendedLifetime(theirs) { Successor(process, ours) }
    } catch { throw Failure(reason: "\(program) can't be started: \(error.errno.text)") }
  }

  /// The number of the first listener (SD_LISTEN_FDS_START).
  private static let first: Int32 = 3

  /// This process's own, and what is handed over.
  ///
  /// The service manager's variables go on to it, but for those by which a process is meant.
  static func environment(
    _ start: ProcessStart,
    _ listeners: [HandedListener],
    _ upgrades: UpgradeRecord.State,
    isWatched: Bool,
    outlivesTerminal: Bool = false
  ) -> [[CChar]] {
    var note = HandoverNote(parent: getpid(), channel: first + Int32(listeners.count))
    note.owned = Set(listeners.indices.filter { listeners[$0].ownsFile })
    note.outlivesTerminal = outlivesTerminal
    note.upgrades = upgrades
    note.upgrades.succeeded += 1
    let names = listeners.map { $0.role == .clients ? "http" : "admin" }.joined(separator: ":")
    var own: Set = [
      "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", HandoverNote.variable,
    ]
    // One that was meant for another process isn't meant for a child of this one either.
    if !isWatched { own.insert("WATCHDOG_USEC") }
    return start.environment(
      without: own,
      with: [
        "LISTEN_FDS=\(listeners.count)", "LISTEN_FDNAMES=\(names)",
        "\(HandoverNote.variable)=\(note.text)",
      ]
    )
  }

  // MARK: - The steps

  /// Waits until it has everything that it needs to serve.
  ///
  /// - Returns: its version.
  func prepared(until deadline: ContinuousClock.Instant) throws(Failure) -> String {
    let word = try next(until: deadline)
    guard word.hasPrefix(HandoverWord.prepared) else {
      throw Failure(reason: "it says '\(word)', which this version doesn't know")
    }
    return String(word.dropFirst(HandoverWord.prepared.count))
  }

  /// Has it accept clients, and waits until its loop has turned.
  func serve(until deadline: ContinuousClock.Instant) throws(Failure) {
    channel.send(HandoverWord.serve)
    let word = try next(until: deadline)
    guard word == HandoverWord.serving else {
      throw Failure(reason: "it says '\(word)', which this version doesn't know")
    }
  }

  /// It hasn't ended since it was heard last.
  ///
  /// Asked by a word that it doesn't know, and ignores.
  var isThere: Bool { channel.send(HandoverWord.still) }

  /// Tells it that it is on its own.
  ///
  /// - Returns: false when it isn't there any more.
  func leave() -> Bool { channel.send(HandoverWord.yours) }

  private func next(until deadline: ContinuousClock.Instant) throws(Failure) -> String {
    switch channel.receive(until: deadline) {
    case .message(let word) where word.hasPrefix(HandoverWord.failed):
      throw Failure(reason: String(word.dropFirst(HandoverWord.failed.count)))
    case .message(let word): return word
    case .timedOut: throw Failure(reason: "it wasn't ready in time")
    case .closed: throw Failure(reason: "")
    }
  }
}
