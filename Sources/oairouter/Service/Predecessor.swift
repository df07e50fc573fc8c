import Glibc
import OAIRouter
import Synchronization

/// The process whose place this one is to take: the successor's side of an upgrade.
final class Predecessor: Sendable {
  /// What it has said.
  let note: HandoverNote
  private let channel: MessageChannel
  private let admitted = Atomic<Bool>(false)

  private init(_ note: HandoverNote) {
    self.note = note
    channel = MessageChannel(owning: OwnedFD(owning: FileDescriptor(note.channel)))
  }

  /// The one that has started this process to hand over to it; nil when none has.
  ///
  /// Once, before other threads exist.
  ///
  /// - Throws: `CommandFailure` when it has left no way to answer.
  static func take() throws(CommandFailure) -> Predecessor? {
    guard let note = present() else { return nil }
    // Nobody else is to take the descriptor for his.
    unsetenv(HandoverNote.variable)
    let flags = fcntl(note.channel, F_GETFD)
    guard flags >= 0, fcntl(note.channel, F_SETFD, flags | FD_CLOEXEC) == 0 else {
      throw CommandFailure(
        "\(HandoverNote.variable): descriptor \(note.channel) isn't open",
        exitCode: CommandFailure.badUsage
      )
    }
    return Predecessor(note)
  }

  /// Tells it, if there is one that wasn't taken, why this process can't go on in its place.
  ///
  /// From where a process fails before it knows what it is to do.
  static func tell(_ failure: String) {
    guard let note = present() else { return }
    MessageChannel.send(HandoverWord.failed + failure, by: FileDescriptor(note.channel))
  }

  /// Tells it why this process can't go on in its place.
  func tell(_ failure: String) { channel.send(HandoverWord.failed + failure) }

  /// The note, if it's for this process.
  private static func present() -> HandoverNote? {
    guard let text = getenv(HandoverNote.variable), let note = HandoverNote(String(cString: text)),
      note.parent == getppid()
    else { return nil }
    return note
  }

  // MARK: - The steps

  /// Waits until this process may accept clients: backends are looked for first.
  ///
  /// - Throws: `CommandFailure` when the predecessor goes on without it.
  func admission(of router: Router) async throws(CommandFailure) {
    _ = await router.firstListing()
    channel.send(HandoverWord.prepared + Version.text)
    guard await next() == .message(HandoverWord.serve) else {
      throw CommandFailure("process \(note.parent), in whose place it was started, goes on itself")
    }
    admitted.store(true, ordering: .sequentiallyConsistent)
    // Waits for the loop's first turn.
    router.summary { [channel] summary in
      if summary != nil { channel.send(HandoverWord.serving) }
    }
  }

  /// This process may have clients.
  var hasAdmitted: Bool { admitted.load(ordering: .sequentiallyConsistent) }

  /// Waits until the predecessor serves nobody new; behind `admission`.
  ///
  /// If it is gone without a word, there is nobody else than this process.
  ///
  /// - Returns: false when it goes on itself.
  func leaves() async -> Bool {
    while case .message(let word) = await next() {
      if word == HandoverWord.yours { return true }
    }
    return await isGone()
  }

  /// LIMIT: looks, ten milliseconds apart, after a predecessor that has closed its end.
  private static let looks = 100

  /// A child whose parent has ended has another one: a moment after the parent's descriptors were
  /// closed.
  private func isGone() async -> Bool {
    await blocking { [parent = note.parent] in
      for _ in 0..<Self.looks where getppid() == parent { poll(nil, 0, 10) }
      return getppid() != parent
    }
  }

  private func next() async -> MessageChannel.Reception {
    await blocking { [channel] in channel.receive() }
  }

  /// Does on a thread of its own what blocks.
  private func blocking<Result: Sendable>(
    _ body: @escaping @Sendable () -> Result
  ) async -> Result {
    await withCheckedContinuation { continuation in
      OwnThread.start("oair-handover") { continuation.resume(returning: body()) }
    }
  }
}
