public import OAIRReactor
public import OAIRSys

/// The mailboxes of a router's workers, by their numbers.
public struct ProxyMailboxes: Sendable {
  /// One for each worker.
  public let all: [Mailbox<ProxyMail>]

  /// Opens mailboxes.
  ///
  /// - Parameter workers: 1 to `Commons.mostWorkers`.
  /// - Throws: `SystemError` when no descriptor is left.
  public init(workers: Int) throws(SystemError) {
    var all: [Mailbox<ProxyMail>] = []
    for _ in 0..<workers { all.append(try Mailbox()) }
    self.all = all
  }

  /// Leaves the same mail for each worker.
  ///
  /// Callable from any thread.
  public func post(_ mail: ProxyMail) {
    for worker in all.indices { post(mail, to: worker) }
  }

  /// Leaves mail for one worker.
  ///
  /// Callable from any thread.
  public func post(_ mail: ProxyMail, to worker: Int) {
    all[worker].update { ($0 ?? ProxyMail()).merging(mail) }
  }

  /// Throws away what nobody will take any more; connections are closed with it.
  public func empty() {
    for mailbox in all { _ = mailbox.take() }
  }
}
