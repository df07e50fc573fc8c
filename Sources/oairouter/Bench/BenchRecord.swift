import FoundationEssentials
import OAIRBench
import OAIRouter

/// Reports as JSON, in files and on standard output.
enum BenchRecord {
  /// A report as an object, its keys sorted, so that records can be compared by eye.
  static func text(_ report: BenchReport) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    } catch {
      throw CommandFailure("the report can't be written as JSON: \(error)")
    }
  }

  /// Writes a report to a file, in place of what was there.
  static func write(_ report: BenchReport, to path: String) throws(CommandFailure) {
    let text = try text(report)
    do throws(SystemError) {
      try WholeFileWriter.write(Array(text.utf8), to: path)
    } catch {
      throw CommandFailure("the record can't be written to \(path): \(error.errno.text)")
    }
  }

  /// Reads what `write` wrote, and checks that it can be compared.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - workload: what will be measured now.
  ///   - mock: the fake backend's options, if there is one.
  ///   - targets: against how many servers.
  /// - Throws: `CommandFailure` when it isn't such a record, or of another load.
  static func read(
    _ path: String,
    for workload: Workload,
    mock: BenchReport.Mock?,
    targets: Int
  ) throws(CommandFailure) -> BenchReport {
    let report: BenchReport
    do {
      let data = try Data(contentsOf: URL(filePath: path))
      report = try JSONDecoder().decode(BenchReport.self, from: data)
    } catch is DecodingError {
      throw unusable("\(path) isn't a record of 'oairouter bench --record'")
    } catch {
      throw unusable("the record \(path) can't be read")
    }
    let now = BenchReport(
      workload: workload,
      mock: mock,
      targets: Array(repeating: .init(url: "", rounds: []), count: targets)
    )
    if let obstacle = Comparison.obstacle(report, now) { throw unusable("\(path): \(obstacle)") }
    return report
  }

  private static func unusable(_ text: String) -> CommandFailure {
    CommandFailure(text, exitCode: CommandFailure.badUsage)
  }
}
