/// A report beside an earlier one of the same workload: what became better or worse, by more than
/// noise.
public struct Comparison: Equatable, Sendable {
  /// What a figure came to.
  public enum Verdict: String, Sendable {
    case same, better, worse
  }

  /// One figure then and now.
  public struct Line: Equatable, Sendable {
    /// Which target, as it is given now.
    public var target: String
    /// The figure's name.
    public var name: String
    /// Its median then.
    public var before: Double
    /// Its median now.
    public var after: Double
    /// By how much it may differ, as a share of what it was.
    public var band: Double
    /// Whether it did.
    public var verdict: Verdict
  }

  /// LIMIT: by how much the share of failed requests may grow.
  static let errorBand = 0.001

  /// The figures that both have.
  public private(set) var lines: [Line] = []

  /// Whether anything got worse.
  public var isRegression: Bool { lines.contains { $0.verdict == .worse } }

  /// Why two reports can't be compared, in words for their reader; nil: they can.
  public static func obstacle(_ before: BenchReport, _ after: BenchReport) -> String? {
    guard before.version == BenchReport.currentVersion else {
      return "the record has version \(before.version), and this program reads version "
        + "\(BenchReport.currentVersion)"
    }
    guard before.targets.count == after.targets.count else {
      return "the record has \(before.targets.count) targets, and this run \(after.targets.count)"
    }
    guard before.workload == after.workload else {
      return "the record is of another workload: use the same options for both"
    }
    guard before.mock == after.mock else {
      return "the record's fake backend had other options: use the same --mock-… for both"
    }
    return nil
  }

  /// Compares two reports that `obstacle` doesn't object to.
  ///
  /// - Parameters:
  ///   - before: the record.
  ///   - after: what was measured now.
  ///   - noise: by how much a figure may differ, as a share of what it was, 0 or more; a tail (p99)
  ///     by twice as much. Where the rounds themselves spread more, by as much as they do.
  public init(_ before: BenchReport, _ after: BenchReport, noise: Double) {
    for (old, new) in zip(before.targets, after.targets) {
      for metric in Metric.allCases {
        guard metric.judgement != .none, let was = old.series(metric), let now = new.series(metric)
        else { continue }
        let own = metric.judgement == .lessOfATail ? 2 * noise : noise
        let band = max(own, was.spread + now.spread)
        lines.append(
          Line(
            target: new.url,
            name: metric.rawValue,
            before: was.median,
            after: now.median,
            band: band,
            verdict: Self.verdict(metric, was.median, now.median, band)
          )
        )
      }
      lines.append(Self.errors(old, new))
    }
  }

  static func verdict(
    _ metric: Metric,
    _ before: Double,
    _ after: Double,
    _ band: Double
  ) -> Verdict {
    // Worse upwards for times, so that one rule serves both.
    let change = metric.judgement == .more ? before - after : after - before
    // A share of nothing is nothing: what is told apart from it at all has a size of its own.
    let allowed = before == 0 ? metric.resolution : band * abs(before)
    if change > allowed { return .worse }
    return -change > allowed ? .better : .same
  }

  private static func errors(_ old: BenchReport.Target, _ new: BenchReport.Target) -> Line {
    let change = new.errorShare - old.errorShare
    return Line(
      target: new.url,
      name: "failed %",
      before: old.errorShare * 100,
      after: new.errorShare * 100,
      band: errorBand,
      verdict: change > errorBand ? .worse : -change > errorBand ? .better : .same
    )
  }
}
