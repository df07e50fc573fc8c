/// Reports as text for people.
public enum ReportTable {
  /// A report's figures: one column for each target; with two, what the first has more, and how
  /// often the second one it is.
  public static func render(_ report: BenchReport) -> String {
    let hasSpread = (report.targets.first?.rounds.count ?? 0) > 1
    var rows = [header(report)]
    for metric in Metric.allCases {
      let series = report.targets.map { $0.series(metric) }
      guard series.contains(where: { $0 != nil }) else { continue }
      var row = [metric.rawValue]
      row += series.map { series in
        series.map { cell($0, hasSpread: hasSpread) } ?? "-"
      }
      if report.targets.count == 2 {
        row.append(report.difference(metric).map { signed($0.median) } ?? "-")
        row.append(report.ratio(metric).map { fixed($0.median, 2) } ?? "-")
      }
      rows.append(row)
    }
    return describe(report) + "\n\n" + columns(rows) + report.targets.map(notes).joined()
  }

  /// What became of each figure.
  public static func render(_ comparison: Comparison) -> String {
    let hasSeveral = Set(comparison.lines.map(\.target)).count > 1
    var rows = [["", "then", "now", "change %", "band %", ""]]
    for line in comparison.lines {
      let change = line.before == 0 ? 0 : (line.after - line.before) / line.before * 100
      let isShare = line.name.hasSuffix("%")
      rows.append([
        hasSeveral ? "\(line.target) \(line.name)" : line.name,
        isShare ? fixed(line.before, 2) : number(line.before),
        isShare ? fixed(line.after, 2) : number(line.after),
        isShare || line.before == 0 ? "-" : (change >= 0 ? "+" : "") + fixed(change, 1),
        isShare ? "-" : fixed(line.band * 100, 1),
        line.verdict == .same ? "" : line.verdict.rawValue,
      ])
    }
    return columns(rows)
  }

  // MARK: - Parts

  private static func header(_ report: BenchReport) -> [String] {
    guard report.targets.count == 2 else { return ["", report.targets.first?.url ?? ""] }
    return ["", "A", "B", "A - B", "A / B"]
  }

  private static func describe(_ report: BenchReport) -> String {
    let workload = report.workload
    let kind = workload.rate.map { "open loop at \(number($0)) requests/s" } ?? "closed loop"
    let users =
      workload.connections == 1
      ? "1 connection"
      : "\(number(Double(workload.connections)))"
        + " connections"
    var text = "\(kind), \(users)\(workload.isChurning ? ", a new one for each request" : "")\n"
    text += "\(workload.body == .none ? "GET" : "POST") \(workload.path)"
    text += workload.isStreaming ? ", streams" : ""
    switch workload.body {
    case .none: break
    case .text(let bytes): text += ", bodies of \(number(Double(bytes))) bytes"
    case .chat(let bytes?): text += ", conversations of \(number(Double(bytes))) bytes"
    case .chat(bytes: nil): text += ", conversations of 1 to 64 KiB"
    }
    let rounds = report.targets.first?.rounds.count ?? 0
    text += "\n\(trimmed(workload.seconds)) s after \(trimmed(workload.warmUpSeconds)) s of warm-up"
    text += rounds > 1 ? ", \(rounds) rounds: medians, and half of the spread" : ""
    guard report.targets.count == 2 else { return text }
    return text + ", in turn\nA: \(report.targets[0].url)\nB: \(report.targets[1].url)"
  }

  /// What isn't a percentile: errors by kind, and what makes figures doubtful.
  private static func notes(_ target: BenchReport.Target) -> String {
    var parts = ["\(number(Double(target.requests))) right answers"]
    parts.append(
      target.errors == 0
        ? "no errors" : "\(number(Double(target.errors))) errors (\(list(target.errorsByKind)))"
    )
    if !target.statuses.isEmpty { parts.append("statuses \(list(target.statuses))") }
    let reconnects = target.rounds.reduce(0) { $0 + $1.reconnects }
    if reconnects > 0 { parts.append("\(number(Double(reconnects))) reconnects") }
    let slow = target.rounds.reduce(0) { $0 + $1.slowRequests }
    if slow > 0 {
      parts.append("\(number(Double(slow))) of them to slow readers, not in the times")
    }
    let backlog = target.rounds.map(\.backlogPeak).max() ?? 0
    if backlog > 0 { parts.append("up to \(number(Double(backlog))) waited for a connection") }
    var text = "\(target.url): \(parts.joined(separator: ", "))\n"
    let share = target.rounds.map(\.generatorShare).max() ?? 0
    if share > 0.9 {
      text +=
        "\(target.url): the load generator took \(fixed(share * 100, 0)) % of a core; "
        + "it may have been the limit\n"
    }
    return text
  }

  private static func list(_ counts: [String: Int]) -> String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \(number(Double($0.value)))" }.joined(separator: ", ")
  }

  private static func cell(_ series: Series, hasSpread: Bool) -> String {
    let text = number(series.median)
    return hasSpread ? "\(text) ±\(fixed(series.spread * 100, 0)) %" : text
  }

  private static func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + number(value) }

  /// The first column to the left, the others to the right.
  private static func columns(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let pad = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + pad : pad + cell
      }
      var line = cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  // MARK: - Numbers

  /// With as many decimals as are worth reading: none from 100 on.
  static func number(_ value: Double) -> String {
    abs(value) >= 100 || value == value.rounded() ? grouped(value) : fixed(value, 2)
  }

  private static func grouped(_ value: Double) -> String {
    guard abs(value) < 1e15 else { return "\(value)" }
    let whole = Int(value.rounded())
    var digits = String(whole.magnitude)
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
      index -= 3
    }
    return (whole < 0 ? "-" : "") + digits
  }

  /// With so many decimals, 0 to 6.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard abs(value) < 1e12 else { return "\(value)" }
    let scale = (0..<decimals).reduce(1) { product, _ in product * 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(sign)\(scaled / scale).\(zeros)\(fraction)"
  }

  private static func trimmed(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value))" : fixed(value, 2)
  }
}
