import Glibc
import OAIRBench
import OAIRouter
import Synchronization

/// Runs a load against one or two targets, round by round, and shows how far it is.
struct BenchRunner {
  /// What came of it.
  struct Outcome {
    let report: BenchReport
    /// A signal ended it early.
    let isInterrupted: Bool
  }

  let workload: Workload
  /// What the fake backend does; nil without one.
  let mock: BenchReport.Mock?
  let targets: [(name: String, target: BenchTarget)]
  /// How often each target is measured.
  let rounds: Int
  let showsProgress: Bool

  /// Measures A B A B …, on a thread of its own each time.
  ///
  /// - Parameter signals: the first one ends it; what was measured until then is reported.
  func run(_ signals: borrowing SignalFD) throws(CommandFailure) -> Outcome {
    var report = BenchReport(
      workload: workload,
      mock: mock,
      targets: targets.map { .init(url: $0.name, rounds: []) }
    )
    var isInterrupted = false
    let line = ProgressLine(isShown: showsProgress)
    rounds: for round in 1...rounds {
      for index in targets.indices {
        let name = targets.count == 1 ? "" : index == 0 ? " A" : " B"
        line.title = rounds == 1 ? name : "round \(round)/\(rounds)\(name)"
        let (figures, wasEnded) = try measure(targets[index].target, signals, line)
        report.targets[index].rounds.append(figures)
        isInterrupted = wasEnded
        if isInterrupted { break rounds }
      }
    }
    line.clear()
    return Outcome(report: report, isInterrupted: isInterrupted)
  }

  private func measure(
    _ target: BenchTarget,
    _ signals: borrowing SignalFD,
    _ line: ProgressLine
  ) throws(CommandFailure) -> (RunFigures, wasEnded: Bool) {
    let control: LoadControl
    do { control = try LoadControl() } catch { throw CommandFailure("\(error)") }
    let result = RunResult()
    let workload = workload
    OwnThread.start("oair-load") {
      do throws(SystemError) {
        result.set(.success(try LoadRun.run(workload, target, control)))
      } catch {
        result.set(.failure(error))
      }
      control.end()
    }
    let total = workload.warmUpSeconds + workload.seconds
    line.begin(seconds: total)
    var wasEnded = false
    while true {
      var entries = [
        pollfd(fd: control.endedDescriptor.raw, events: Int16(POLLIN), revents: 0),
        pollfd(fd: signals.descriptor.raw, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&entries, nfds_t(entries.count), line.interval)
      if count < 0 { continue }
      if entries[0].revents != 0 { break }
      if entries[1].revents != 0 {
        _ = signals.next()
        wasEnded = true
        control.stop()
      }
      line.show(control.progress)
    }
    switch result.value {
    case .success(let figures): return (figures, wasEnded)
    case .failure(let error): throw CommandFailure("the load can't be made: \(error)")
    case nil: throw CommandFailure("the load ended without figures")
    }
  }

  /// Carries the figures from the load's thread.
  private final class RunResult: Sendable {
    private let figures = Mutex<Result<RunFigures, SystemError>?>(nil)

    var value: Result<RunFigures, SystemError>? { figures.withLock { $0 } }

    func set(_ value: Result<RunFigures, SystemError>) { figures.withLock { $0 = value } }
  }
}
