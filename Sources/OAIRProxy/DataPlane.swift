public import OAIRReactor
public import OAIRSys

/// A data plane on the real kernel, ready to be run on a thread of its own.
///
/// `Proxy` is generic over the kernel so that it can be simulated; it is specialised here, in its
/// own module, where the compiler sees all of it.
public struct DataPlane: Sendable {
  /// Limits, timeouts, retries.
  public var options: ProxyOptions
  /// Client connections at one time, of all workers together.
  public var connections: Int
  /// How long the loop polls before it sleeps.
  public var spin = Duration.zero
  /// What it shares with the router's other workers.
  public var commons: Commons
  /// Its number among them, from 0.
  public var worker: Int
  /// Where tables and commands come in.
  public var mailbox: Mailbox<ProxyMail>
  /// Where signals go.
  public var outbox: SignalOutbox
  /// Where access records go; nil for none.
  public var ring: AccessRing?
  /// Where reports go; nil for none.
  public var reports: ReportDesk?
  /// Makes text of what was counted; nil for none.
  public var metricsPrinter: MetricsPrinter?

  /// Names the data plane's parts.
  ///
  /// - Parameters:
  ///   - connections: 1 or more.
  ///   - worker: its number among the workers of `commons`, from 0.
  public init(
    options: ProxyOptions,
    connections: Int,
    commons: Commons,
    worker: Int,
    mailbox: Mailbox<ProxyMail>,
    outbox: SignalOutbox,
    ring: AccessRing?,
    reports: ReportDesk? = nil,
    metricsPrinter: MetricsPrinter? = nil
  ) {
    self.options = options
    self.connections = connections
    self.commons = commons
    self.worker = worker
    self.mailbox = mailbox
    self.outbox = outbox
    self.ring = ring
    self.reports = reports
    self.metricsPrinter = metricsPrinter
  }

  /// Serves until it is told to drain or to stop.
  ///
  /// Blocks the calling thread, which becomes the reactor's.
  ///
  /// - Parameter listeners: open listening sockets; they are closed when serving ends.
  /// - Returns: what was counted.
  /// - Throws: `SystemError` when epoll has no room for what serving needs.
  public func run(listeners: [FileDescriptor]) throws(SystemError) -> ProxyCounters {
    var generator = SystemRandomNumberGenerator()
    var waiting = listeners[...]
    do throws(SystemError) {
      var proxy = Proxy(
        kernel: try LinuxKernel(),
        options: options,
        connections: commons.isShared ? commons.shares.capacity(of: worker) : connections,
        commons: commons,
        worker: worker,
        outbox: outbox,
        ring: ring,
        reports: reports,
        metricsPrinter: metricsPrinter,
        seed: generator.next()
      )
      proxy.reactor.spin = UInt64(clamping: Int64(spin / .nanoseconds(1)))
      while let listener = waiting.first {
        try proxy.listen(
          onDescriptor: listener,
          at: try ListeningSocket.boundAddress(listener)
        )
        waiting.removeFirst()
      }
      // Last: a command to drain may be there already, and closes the listeners.
      try proxy.open(mailbox)
      proxy.run()
      reports?.end(proxy.report(telemetry: true), from: worker)
      return proxy.allCounters
    } catch {
      for listener in waiting { _ = OwnedFD(owning: listener) }
      throw error
    }
  }
}
