/// A figure that is reported of runs.
public enum Metric: String, CaseIterable, Sendable {
  case requestsPerSecond = "requests/s"
  case eventsPerSecond = "events/s"
  case latencyP50 = "latency p50 us"
  case latencyP90 = "latency p90 us"
  case latencyP99 = "latency p99 us"
  case latencyP999 = "latency p99.9 us"
  case latencyMaximum = "latency max us"
  case firstEventP50 = "TTFT p50 us"
  case firstEventP90 = "TTFT p90 us"
  case firstEventP99 = "TTFT p99 us"
  case firstEventP999 = "TTFT p99.9 us"
  case firstEventMaximum = "TTFT max us"
  case interEventP50 = "inter-event p50 us"
  case interEventP90 = "inter-event p90 us"
  case interEventP99 = "inter-event p99 us"
  case interEventP999 = "inter-event p99.9 us"
  case interEventMaximum = "inter-event max us"
  case deliveryP50 = "delivery p50 us"
  case deliveryP90 = "delivery p90 us"
  case deliveryP99 = "delivery p99 us"
  case deliveryP999 = "delivery p99.9 us"
  case deliveryMaximum = "delivery max us"
  case sendLagP99 = "send lag p99 us"
  case processPerRequest = "CPU us/request"
  case processPerEvent = "CPU us/event"
  case processShare = "CPU %"
  case resident = "RSS MB"
  case residentPeak = "RSS peak MB"

  /// Its value in a run; nil where the run has none.
  public func value(in run: RunFigures) -> Double? {
    switch self {
    case .requestsPerSecond: run.requestsPerSecond
    case .eventsPerSecond: run.eventsPerSecond > 0 ? run.eventsPerSecond : nil
    case .latencyP50: run.latency?.p50
    case .latencyP90: run.latency?.p90
    case .latencyP99: run.latency?.p99
    case .latencyP999: run.latency?.p999
    case .latencyMaximum: run.latency?.maximum
    case .firstEventP50: run.firstEvent?.p50
    case .firstEventP90: run.firstEvent?.p90
    case .firstEventP99: run.firstEvent?.p99
    case .firstEventP999: run.firstEvent?.p999
    case .firstEventMaximum: run.firstEvent?.maximum
    case .interEventP50: run.interEvent?.p50
    case .interEventP90: run.interEvent?.p90
    case .interEventP99: run.interEvent?.p99
    case .interEventP999: run.interEvent?.p999
    case .interEventMaximum: run.interEvent?.maximum
    case .deliveryP50: run.delivery?.p50
    case .deliveryP90: run.delivery?.p90
    case .deliveryP99: run.delivery?.p99
    case .deliveryP999: run.delivery?.p999
    case .deliveryMaximum: run.delivery?.maximum
    case .sendLagP99: run.sendLag?.p99
    case .processPerRequest: run.process?.perRequest
    case .processPerEvent: run.process?.perEvent
    case .processShare: run.process.map { $0.cpuShare * 100 }
    case .resident: run.process.map { Double($0.resident) / 1e6 }
    case .residentPeak: run.process.map { Double($0.residentPeak) / 1e6 }
    }
  }

  /// What a comparison with a former run makes of it.
  enum Judgement: Equatable {
    /// More is better.
    case more
    /// Less is better.
    case less
    /// Less is better, and the noise is twice as much: a tail.
    case lessOfATail
    /// Too noisy, or neither good nor bad.
    case none
  }

  var judgement: Judgement {
    switch self {
    case .requestsPerSecond, .eventsPerSecond: .more
    case .latencyP50, .latencyP90, .firstEventP50, .firstEventP90, .interEventP50, .interEventP90,
      .deliveryP50, .deliveryP90, .processPerRequest, .processPerEvent, .residentPeak:
      .less
    case .latencyP99, .firstEventP99, .interEventP99, .deliveryP99: .lessOfATail
    case .latencyP999, .latencyMaximum, .firstEventP999, .firstEventMaximum, .interEventP999,
      .interEventMaximum, .deliveryP999, .deliveryMaximum, .sendLagP99, .processShare, .resident:
      .none
    }
  }

  /// What is no news beside a median of 0: a time that a scheduler takes now and then, in
  /// microseconds, or a megabyte.
  var resolution: Double {
    switch self {
    case .requestsPerSecond, .eventsPerSecond, .processPerRequest, .processPerEvent, .processShare,
      .resident, .residentPeak:
      1
    default: 50
    }
  }
}
