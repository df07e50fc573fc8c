import OAIRProxy
import OAIRRouting

/// Knows every metric: its name, its help, and where its number is.
///
/// docs/OPERATIONS.md has the same list, which a test compares. Models and backends are those of
/// the route table; what was counted of others isn't shown any more.
struct MetricsPageMaker: Sendable {
  let version: String
  let lines: LineSink?
  let lostAccessLines: LostLines
  let reloads: ReloadRecord?
  let upgrades: UpgradeRecord?
  private let startTime = ProcessFacts.startTime()

  init(
    version: String,
    lines: LineSink?,
    lostAccessLines: LostLines = LostLines(),
    reloads: ReloadRecord?,
    upgrades: UpgradeRecord? = nil
  ) {
    self.version = version
    self.lines = lines
    self.lostAccessLines = lostAccessLines
    self.reloads = reloads
    self.upgrades = upgrades
  }

  /// Makes the whole page.
  func render(
    _ order: MetricsOrder,
    _ table: RouteTable,
    _ discoveries: [MetricsDesk.Discovery: UInt64]
  ) -> [UInt8] {
    var text = MetricsText(isOpenMetrics: order.isOpenMetrics)
    let pairs = LabelledPair.all(order.telemetry, table)
    writeRequests(order, pairs, table, to: &text)
    writeStreams(order, pairs, to: &text)
    writeTimes(order, pairs, table, to: &text)
    writeAttempts(order, table, to: &text)
    writeBackends(order, table, to: &text)
    writeLimits(order.report.counters, order.telemetry, to: &text)
    writeState(order, table, discoveries, to: &text)
    if let reloads { writeReloads(reloads.state, to: &text) }
    if let upgrades { writeUpgrades(upgrades.state, to: &text) }
    writeProcess(to: &text)
    text.end()
    return text.bytes
  }

  // MARK: Requests

  private func writeRequests(
    _ order: MetricsOrder,
    _ pairs: [LabelledPair],
    _ table: RouteTable,
    to text: inout MetricsText
  ) {
    text.begin(
      "oairouter_requests",
      .counter,
      "Requests that have ended, by the status that the client got (499: it left before)."
    )
    for pair in pairs {
      for code in pair.counts.requests.indices where pair.counts.requests[code] > 0 {
        let label = MetricsText.label("code", StatusCodes.names[code])
        text.sample(pair.counts.requests[code], pair.labels + [UInt8(ascii: ",")] + label)
      }
    }
    text.begin(
      "oairouter_family_requests",
      .counter,
      "The same requests by the family of their path."
    )
    for family in PathFamily.allCases {
      let count = order.telemetry.total.families[Int(family.rawValue)]
      if count > 0 { text.sample(count, MetricsText.label("family", "\(family)")) }
    }
    text.begin(
      "oairouter_local_requests",
      .counter,
      "Requests that the router answered itself: models, health, metrics."
    )
    text.sample(order.telemetry.total.localRequests)
    text.begin("oairouter_client_cancels", .counter, "Requests whose client left before the end.")
    for pair in pairs { text.sample(pair.counts.clientsGone, pair.labels) }
  }

  private func writeStreams(
    _ order: MetricsOrder,
    _ pairs: [LabelledPair],
    to text: inout MetricsText
  ) {
    text.begin("oairouter_streams_active", .gauge, "Streams whose content is on its way.")
    text.sample(UInt64(clamping: order.telemetry.streams))
    text.begin(
      "oairouter_truncated_streams",
      .counter,
      "Answers that were cut after the client had got part of them."
    )
    for pair in pairs { text.sample(pair.counts.truncated, pair.labels) }
    text.begin(
      "oairouter_tokens",
      .counter,
      "Tokens, as far as streams have told of them in a usage object."
    )
    for pair in pairs where pair.counts.inputTokens > 0 || pair.counts.outputTokens > 0 {
      let comma = [UInt8(ascii: ",")]
      let input = pair.labels + comma + MetricsText.label("type", "input")
      let output = pair.labels + comma + MetricsText.label("type", "output")
      text.sample(pair.counts.inputTokens, input)
      text.sample(pair.counts.outputTokens, output)
    }
  }

  // MARK: Times

  private func writeTimes(
    _ order: MetricsOrder,
    _ pairs: [LabelledPair],
    _ table: RouteTable,
    to text: inout MetricsText
  ) {
    text.begin(
      "oairouter_time_to_first_token_seconds",
      .histogram,
      "From a request's first byte to the first content of its stream."
    )
    let firstToken = HistogramBounds(unit: HistogramUnit.firstToken)
    for pair in pairs where pair.counts.firstToken.count > 0 {
      text.histogram(pair.counts.firstToken, firstToken, pair.labels)
    }
    let names = table.modelSeries.names
    let models = order.telemetry.models.map { model in
      (labels: MetricsText.label("model", names[Int(model.model)]), counts: model.counts)
    }
    text.begin(
      "oairouter_request_duration_seconds",
      .histogram,
      "From a request's first byte to its end."
    )
    let duration = HistogramBounds(unit: HistogramUnit.duration)
    for model in models where model.counts.duration.count > 0 {
      text.histogram(model.counts.duration, duration, model.labels)
    }
    text.begin(
      "oairouter_inter_event_seconds",
      .histogram,
      "Between two events with content of a stream."
    )
    let interEvent = HistogramBounds(unit: HistogramUnit.interEvent)
    for model in models where model.counts.interEvent.count > 0 {
      text.histogram(model.counts.interEvent, interEvent, model.labels)
    }
    writeOwnTimes(order.telemetry.total, to: &text)
  }

  private func writeOwnTimes(_ total: TelemetryTotals, to text: inout MetricsText) {
    text.begin(
      "oairouter_overhead_seconds",
      .histogram,
      "The router's own time per request until its answer begins; of one request in eight."
    )
    text.histogram(total.overhead, HistogramBounds(unit: HistogramUnit.overhead))
    text.begin(
      "oairouter_queue_wait_seconds",
      .histogram,
      "Requests' wait for a place at a backend, of those that had to."
    )
    text.histogram(total.queue, HistogramBounds(unit: HistogramUnit.queue))
    text.begin(
      "oairouter_loop_lag_seconds",
      .histogram,
      "Turns of the event loop: what comes meanwhile waits so long."
    )
    text.histogram(total.loop, HistogramBounds(unit: HistogramUnit.loop))
  }

  // MARK: Backends

  private func writeAttempts(
    _ order: MetricsOrder,
    _ table: RouteTable,
    to text: inout MetricsText
  ) {
    let backends = table.backends.compactMap { backend -> LabelledBackend? in
      let record = backend.record
      guard order.telemetry.backends.indices.contains(record.slot),
        order.telemetry.backends[record.slot].incarnation == record.incarnation
      else { return nil }
      return LabelledBackend(record.id, order.telemetry.backends[record.slot])
    }
    text.begin("oairouter_attempts", .counter, "Attempts to have a request answered.")
    for backend in backends { text.sample(backend.counts.attempts, backend.labels) }
    text.begin("oairouter_attempt_failures", .counter, "Attempts that failed, by reason.")
    for backend in backends {
      for reason in FailureReason.allCases where backend.counts.failures[reason] > 0 {
        let label = MetricsText.label("reason", reason.name)
        let labels = backend.labels + [UInt8(ascii: ",")] + label
        text.sample(backend.counts.failures[reason], labels)
      }
    }
    let total = order.telemetry.total
    text.begin(
      "oairouter_failovers",
      .counter,
      "Attempts on another backend, by the failure before."
    )
    writeReasons(total.failovers, to: &text)
    text.begin(
      "oairouter_retries",
      .counter,
      "Attempts on the same backend, by the failure before."
    )
    writeReasons(total.retries, to: &text)
  }

  private func writeReasons(_ counts: FailureCounts, to text: inout MetricsText) {
    for reason in FailureReason.allCases {
      text.sample(counts[reason], MetricsText.label("reason", reason.name))
    }
  }

  private func writeBackends(
    _ order: MetricsOrder,
    _ table: RouteTable,
    to text: inout MetricsText
  ) {
    text.begin("oairouter_backend_up", .gauge, "1 for a backend that may get requests.")
    for backend in table.backends {
      let label = MetricsText.label("backend", backend.record.id)
      text.sample(UInt64(backend.state.isUsable ? 1 : 0), label)
    }
    text.begin("oairouter_backend_state", .gauge, "1 for the state that a backend is in.")
    for backend in table.backends {
      let labels = MetricsText.labels(
        ("backend", backend.record.id),
        ("state", backend.state.name)
      )
      text.sample(1, labels)
    }
    text.begin("oairouter_backend_models", .gauge, "Models that a backend has told.")
    for (backend, count) in zip(table.backends, table.modelCounts) {
      guard let count else { continue }
      text.sample(UInt64(count), MetricsText.label("backend", backend.record.id))
    }
    text.begin("oairouter_in_flight", .gauge, "Requests at work at a backend.")
    for backend in table.backends {
      let record = backend.record
      let slot = order.report.slot(record.slot, incarnation: record.incarnation)
      let label = MetricsText.label("backend", record.id)
      text.sample(UInt64(clamping: slot?.inFlight ?? 0), label)
    }
  }

  // MARK: The router

  private func writeLimits(
    _ counters: ProxyCounters,
    _ telemetry: TelemetrySnapshot,
    to text: inout MetricsText
  ) {
    text.begin("oairouter_limit_hits", .counter, "How often a limit was hit, by its name.")
    for (name, count) in counters.limitHits + [("series", telemetry.pairLimit)] {
      text.sample(count, MetricsText.label("limit", name))
    }
    text.begin("oairouter_refused", .counter, "Requests that were refused for who asks, by reason.")
    for (name, count) in counters.refusals {
      text.sample(count, MetricsText.label("reason", name))
    }
    text.begin(
      "oairouter_log_lines_dropped",
      .counter,
      "Lines that were dropped: nobody read the log, or it couldn't be written."
    )
    let access = counters.droppedRecords + lostAccessLines.count
    text.sample(access, MetricsText.label("log", "access"))
    text.sample(lines?.dropped ?? 0, MetricsText.label("log", "event"))
  }

  private func writeState(
    _ order: MetricsOrder,
    _ table: RouteTable,
    _ discoveries: [MetricsDesk.Discovery: UInt64],
    to text: inout MetricsText
  ) {
    let report = order.report
    for (name, help, value) in report.gauges(order.telemetry, table) {
      text.begin("oairouter_\(name)", .gauge, help)
      text.sample(UInt64(clamping: value))
    }
    writeWorkers(report.workers, to: &text)
    text.begin("oairouter_upstream_connections", .gauge, "Connections to backends, by state.")
    let idle = report.slots.reduce(0) { $0 + $1.idleConnections }
    let busy = max(0, order.telemetry.upstreams - idle)
    text.sample(UInt64(clamping: busy), MetricsText.label("state", "busy"))
    text.sample(UInt64(clamping: idle), MetricsText.label("state", "idle"))
    for (name, help, count) in report.counters.totals {
      text.begin("oairouter_\(name)", .counter, help)
      text.sample(count)
    }
    text.begin("oairouter_discovery_events", .counter, "What discoverers have told.")
    for (discovery, count) in discoveries.sorted(by: { ($0.key) < ($1.key) }) {
      let labels = MetricsText.labels(
        ("discoverer", discovery.discoverer),
        ("event", discovery.event)
      )
      text.sample(count, labels)
    }
    text.begin("oairouter_build_info", .gauge, "Always 1; the version is its label.")
    text.sample(1, MetricsText.label("version", version))
  }

  private func writeWorkers(_ workers: [ProxyReport.Worker], to text: inout MetricsText) {
    text.begin("oairouter_worker_requests", .counter, "Requests whose head was read, by worker.")
    for (number, worker) in workers.enumerated() {
      text.sample(worker.requests, MetricsText.label("worker", "\(number + 1)"))
    }
    text.begin(
      "oairouter_worker_connections",
      .gauge,
      "Client connections that are open, by worker."
    )
    for (number, worker) in workers.enumerated() {
      let labels = MetricsText.label("worker", "\(number + 1)")
      text.sample(UInt64(clamping: worker.connections), labels)
    }
  }

  private func writeReloads(_ state: ReloadRecord.State, to text: inout MetricsText) {
    text.begin(
      "oairouter_config_reloads",
      .counter,
      "Times that the configuration was read anew, by what became of it."
    )
    text.sample(state.taken, MetricsText.label("result", "ok"))
    text.sample(state.rejected, MetricsText.label("result", "rejected"))
    text.begin(
      "oairouter_config_last_reload_successful",
      .gauge,
      "0 while the configuration that was read last is one that was rejected."
    )
    text.sample(UInt64(state.problem == nil ? 1 : 0))
    text.begin(
      "oairouter_config_last_reload_success_timestamp_seconds",
      .gauge,
      "When the configuration that holds was read, since 1970."
    )
    text.sample(UInt64(clamping: state.takenAt))
    text.begin(
      "oairouter_config_settings_awaiting_restart",
      .gauge,
      "Settings that have changed since the start and take a restart."
    )
    text.sample(UInt64(state.awaitingRestart.count))
  }

  private func writeUpgrades(_ state: UpgradeRecord.State, to text: inout MetricsText) {
    text.begin(
      "oairouter_upgrades",
      .counter,
      "Times that another process was to go on, by what became of it, former ones' included."
    )
    text.sample(state.succeeded, MetricsText.label("result", "ok"))
    text.sample(state.failed, MetricsText.label("result", "failed"))
  }

  private func writeProcess(to text: inout MetricsText) {
    let facts = ProcessFacts()
    text.begin("process_cpu_seconds", .counter, "Time on processors.")
    text.sample(nanoseconds: facts.cpuNanoseconds)
    text.begin("process_resident_memory_bytes", .gauge, "Memory in use.")
    text.sample(facts.residentBytes)
    text.begin("process_virtual_memory_bytes", .gauge, "Address space in use.")
    text.sample(facts.virtualBytes)
    if let open = facts.openDescriptors {
      text.begin("process_open_fds", .gauge, "Open descriptors.")
      text.sample(open)
    }
    text.begin("process_max_fds", .gauge, "Descriptors that may be open.")
    text.sample(facts.maximumDescriptors)
    text.begin("process_start_time_seconds", .gauge, "When the process began, since 1970.")
    text.sample(number: startTime)
  }
}

/// One pair with its labels, if its backend is still there.
private struct LabelledPair {
  let labels: [UInt8]
  let counts: PairCounts

  static func all(_ telemetry: TelemetrySnapshot, _ table: RouteTable) -> [LabelledPair] {
    var ids: [UInt64: String] = [0: "", .max: "__other__"]
    for backend in table.backends { ids[backend.record.incarnation] = backend.record.id }
    let names = table.modelSeries.names
    return telemetry.pairs.compactMap { pair in
      guard let id = ids[pair.incarnation], pair.incarnation != .max || telemetry.pairLimit > 0
      else { return nil }
      let labels = MetricsText.labels(("model", names[Int(pair.model)]), ("backend", id))
      return LabelledPair(labels: labels, counts: pair.counts)
    }
  }
}

private struct LabelledBackend {
  let labels: [UInt8]
  let counts: BackendCounts

  init(_ id: String, _ counts: BackendCounts) {
    labels = MetricsText.label("backend", id)
    self.counts = counts
  }
}

extension MetricsDesk.Discovery: Comparable {
  static func < (a: Self, b: Self) -> Bool { (a.discoverer, a.event) < (b.discoverer, b.event) }
}

extension ProxyReport {
  /// What is there at this moment: name, help, value.
  fileprivate func gauges(
    _ telemetry: TelemetrySnapshot,
    _ table: RouteTable
  ) -> [(String, String, Int)] {
    [
      ("queue_depth", "Requests that wait for a place at a backend.", telemetry.queued),
      ("downstream_connections", "Client connections that are open.", connections),
      ("held_body_bytes", "Bytes of request bodies that are held.", heldBodyBytes),
      ("models", "Models that are listed.", table.modelCount),
      ("backends", "Backends that are known.", table.totalCount),
      ("backends_healthy", "Backends that are ready.", table.healthyCount),
      ("draining", "1 while nothing new is accepted.", stage == .draining ? 1 : 0),
    ]
  }
}
