import OAIRHTTP1
import OAIRReactor
import OAIRSys

// GET /metrics: the reactor copies what it has counted and goes on with its work; somebody else
// makes the text and sends it back by mail.

/// What the reactor hands over to have text made of it.
public struct MetricsOrder: Sendable {
  /// Who waits for the text.
  public let ticket: MetricsTicket
  /// What was counted by model and backend.
  public var telemetry: TelemetrySnapshot
  /// What else was counted, and what there is at this moment.
  public var report: ProxyReport
  /// The client prefers OpenMetrics.
  public let isOpenMetrics: Bool
}

/// Tells one exchange that waits for metrics from all others.
public struct MetricsTicket: Sendable, Equatable {
  /// The worker that has it, from 0.
  public let worker: Int
  let downstream: UInt64
  let serial: UInt64
}

/// The text, on its way back.
public struct MetricsPage: Sendable {
  let ticket: MetricsTicket
  let isOpenMetrics: Bool
  let body: [UInt8]

  /// The answer to an order.
  public init(_ order: MetricsOrder, body: [UInt8]) {
    ticket = order.ticket
    isOpenMetrics = order.isOpenMetrics
    self.body = body
  }
}

/// Makes text of an order, and sees to it that exactly one page comes back by mail.
///
/// Called on the reactor's thread, as seldom as somebody looks; it must return at once.
public typealias MetricsPrinter = @Sendable (MetricsOrder) -> Void

extension Proxy {
  /// Why a client may not see them: it shows no key, and isn't of this machine, or only seems so.
  private mutating func metricsRefusal(
    _ downstream: Handle,
    _ head: RequestHead
  ) -> GatewayError? {
    if downstreams[downstream].exchange.key > 0 { return nil }
    guard downstreams[downstream].peer.isLoopback else { return GatewayError(.metricsNotAllowed) }
    // By DNS rebinding a web page comes from this machine, too, but it can't change the name.
    guard let error = hostError(downstream, head) else { return nil }
    counters.refusedHosts += 1
    return error
  }

  /// Has the text made, for a client that may see it.
  mutating func orderMetrics(_ downstream: Handle, _ head: RequestHead) {
    guard let metricsPrinter else {
      refuse(downstream, GatewayError(.unsupportedEndpoint, "/metrics"))
      return
    }
    if let refusal = metricsRefusal(downstream, head) {
      refuse(downstream, refusal)
      return
    }
    guard metricsOrders < ProxyLimits.metricsOrders else {
      counters.metricsLimit += 1
      refuse(downstream, GatewayError(.metricsBusy, "\(metricsOrders)"))
      return
    }
    // With a body nobody knows where the next request begins: it isn't read.
    if head.framing != .none { downstreams[downstream].exchange.keepsAlive = false }
    metricsOrders += 1
    _ = downstreams[downstream].exchange.machine.handle(.bodyEnded)
    metricsPrinter(
      MetricsOrder(
        ticket: MetricsTicket(
          worker: worker,
          downstream: downstream.bits,
          serial: downstreams[downstream].exchange.serial
        ),
        telemetry: snapshot(),
        report: report(),
        isOpenMetrics: prefersOpenMetrics(downstream)
      )
    )
  }

  /// The text has come; its client may have left.
  mutating func answerMetrics(_ page: MetricsPage) {
    metricsOrders -= 1
    let downstream = Handle(bits: page.ticket.downstream)
    guard downstreams.contains(downstream),
      downstreams[downstream].phase == .exchanging,
      downstreams[downstream].exchange.serial == page.ticket.serial,
      downstreams[downstream].exchange.machine.phase == .routing
    else { return }
    answer(
      downstream,
      200,
      page.body,
      type: page.isOpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8"
    )
  }

  func snapshot() -> TelemetrySnapshot {
    var snapshot = telemetry.snapshot()
    snapshot.streams = streamCount
    snapshot.queued = queue.count
    snapshot.upstreams = upstreams.count
    return snapshot
  }

  private func prefersOpenMetrics(_ downstream: Handle) -> Bool {
    guard let field = scratch.requestTable.first(.accept) else { return false }
    let value = downstreams[downstream].exchange.head[field.value.range]
    let wanted: StaticString = "application/openmetrics-text"
    let bytes = UnsafeRawBufferPointer(rebasing: value)
    return bytes.indices.contains {
      UnsafeRawBufferPointer(rebasing: bytes[$0...]).startsInAnyCase(wanted)
    }
  }
}
