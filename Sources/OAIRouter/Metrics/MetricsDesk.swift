import Dispatch
import OAIRDiscovery
import OAIRProxy
import OAIRReactor
import OAIRRouting
import OAIRSys
import Synchronization

// Makes metrics text: a reactor hands over a copy of its counters, a queue of this desk's own makes
// text of it, and mail brings the text back. Neither a log that nobody reads nor the control plane
// is in the way.

/// Where metrics are rendered.
final class MetricsDesk: Sendable {
  private struct State {
    var table = RouteTable.empty
    var discoveries: [Discovery: UInt64] = [:]
  }

  /// A kind of event of a discoverer.
  struct Discovery: Hashable {
    let discoverer: String
    let event: String
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "oairouter.metrics")
  private let mailboxes: ProxyMailboxes
  private let page: MetricsPageMaker
  /// Counted by whoever writes them.
  let lostAccessLines = LostLines()

  init(_ options: RouterOptions, mailboxes: ProxyMailboxes) {
    self.mailboxes = mailboxes
    page = MetricsPageMaker(
      version: options.metrics.version,
      lines: options.lineSink,
      lostAccessLines: lostAccessLines,
      reloads: options.reloads,
      upgrades: options.upgrades
    )
  }

  /// Takes the newest table.
  ///
  /// On the registry's queue.
  func published(_ table: RouteTable) { state.withLock { $0.table = table } }

  /// Counts what happens in the control plane.
  func count(_ event: ControlPlaneEvent) {
    let discovery: Discovery
    switch event {
    case .found(_, let discoverer, let outcome):
      let isRefused = if case .refused = outcome { true } else { false }
      discovery = Discovery(discoverer: discoverer, event: isRefused ? "refused" : "found")
    case .lost(_, let discoverer): discovery = Discovery(discoverer: discoverer, event: "lost")
    case .skipped(_, let discoverer):
      discovery = Discovery(discoverer: discoverer, event: "skipped")
    case .troubled(let discoverer, _, _):
      discovery = Discovery(discoverer: discoverer, event: "troubled")
    case .watching, .listed, .recovered: return
    }
    state.withLock { $0.discoveries[discovery, default: 0] += 1 }
  }

  /// Takes an order of one worker, whose counters are only a part: the others are asked for theirs.
  ///
  /// On that worker's thread; returns at once.
  func take(_ order: MetricsOrder, completedBy reports: ReportDesk) {
    reports.ask(telemetry: true) { [self] report in
      var whole = order
      if let report, let telemetry = report.telemetry {
        whole.report = report
        whole.telemetry = telemetry
      }
      take(whole)
    }
  }

  /// Takes an order.
  ///
  /// On the reactor's thread; returns at once.
  func take(_ order: MetricsOrder) {
    queue.async { [self] in
      let (table, discoveries) = state.withLock { ($0.table, $0.discoveries) }
      let body = page.render(order, table, discoveries)
      let answer = MetricsPage(order, body: body)
      mailboxes.post(ProxyMail(metrics: [answer]), to: order.ticket.worker)
    }
  }
}
