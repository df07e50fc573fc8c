public import OAIRSys

/// One run of a load against one target.
public enum LoadRun {
  /// Drives the load on the calling thread until it is over.
  ///
  /// Blocks: never on a cooperative thread.
  ///
  /// - Parameters:
  ///   - workload: one without a `problem`.
  ///   - target: whom it goes to.
  ///   - control: tells how far it is, and can end it; for this run alone.
  /// - Returns: what was measured.
  /// - Throws: `SystemError` when no descriptor is left.
  public static func run(
    _ workload: Workload,
    _ target: BenchTarget,
    _ control: LoadControl
  ) throws(SystemError) -> RunFigures {
    let clock = try TimerFD()
    var loop = LoadLoop(try LinuxKernel(), clock, workload, target, control)
    try loop.run()
    return loop.figures
  }
}

extension LoadLoop {
  var figures: RunFigures {
    // A run that was stopped within its warm-up has measured nothing.
    let seconds = measureEnd > measureBegin ? Double(measureEnd &- measureBegin) / 1e9 : 0
    let perSecond = seconds > 0 ? 1 / seconds : 0
    return RunFigures(
      seconds: seconds,
      requests: tally.requests,
      requestsPerSecond: Double(tally.completions) * perSecond,
      eventsPerSecond: Double(tally.events) * perSecond,
      bytesPerSecond: Double(tally.bytes) * perSecond,
      latency: tally.latency.distribution,
      firstEvent: tally.firstEvent.distribution,
      interEvent: tally.interEvent.distribution,
      delivery: tally.delivery.distribution,
      sendLag: arrivals == nil ? nil : tally.sendLag.distribution,
      errors: tally.failureCount,
      errorsByKind: tally.failuresByName,
      statuses: Dictionary(
        uniqueKeysWithValues: tally.statuses.map { (String($0.key), $0.value) }
      ),
      reconnects: tally.reconnects,
      slowRequests: tally.slowRequests,
      backlogPeak: tally.backlogPeak,
      generatorShare: meter.ownShare,
      process: meter.usage.map { usage in
        let ticks = usage.systemTicks + usage.userTicks
        return ProcessFigures(
          cpuShare: meter.seconds > 0 ? Double(usage.cpu) / 1e9 / meter.seconds : 0,
          systemShare: ticks == 0 ? 0 : Double(usage.systemTicks) / Double(ticks),
          perRequest: Self.quotient(usage.cpu, tally.completions),
          perEvent: Self.quotient(usage.cpu, tally.events),
          resident: usage.resident,
          residentPeak: meter.residentPeak
        )
      }
    )
  }

  /// Microseconds of each; nil of none.
  private static func quotient(_ nanoseconds: UInt64, _ count: Int) -> Double? {
    count > 0 ? Double(nanoseconds) / 1000 / Double(count) : nil
  }
}
