import Glibc
import OAIRBench
import OAIRouter

/// One line on standard error that says how far a measurement is: rewritten on a terminal, a line
/// for each second elsewhere.
final class ProgressLine {
  /// What goes before the figures.
  var title = ""
  private let isShown: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var begin: UInt64 = 0
  private var seconds = 0.0
  private var last: (time: UInt64, progress: LoadControl.Progress)?

  init(isShown: Bool) { self.isShown = isShown }

  /// Milliseconds from one to the next.
  var interval: Int32 { 1000 }

  /// A run begins.
  ///
  /// - Parameter seconds: how long it will take.
  func begin(seconds: Double) {
    self.seconds = seconds
    begin = LinuxKernel.now()
    last = nil
  }

  /// Shows how far it is.
  func show(_ progress: LoadControl.Progress) {
    let now = LinuxKernel.now()
    defer { last = (now, progress) }
    guard isShown else { return }
    let before = last?.progress
    let elapsed = max(Double(now - (last?.time ?? begin)) / 1e9, 0.001)
    let rate = Double(progress.requests - (before?.requests ?? 0)) / elapsed
    let events = Double(progress.events - (before?.events ?? 0)) / elapsed
    let left = max(seconds - Double(now - begin) / 1e9, 0)
    var text = "\(title)  \(Int(left.rounded(.up))) s left  \(Int(rate)) requests/s"
    if events > 0 { text += "  \(Int(events)) events/s" }
    text += "  \(progress.inFlight) in flight  \(Terminal.count(progress.failures, "error"))"
    Terminal.writeError(isTerminal ? "\r\(text)\u{1B}[K" : text + "\n")
  }

  /// Makes room for what is printed next.
  func clear() {
    if isShown, isTerminal { Terminal.writeError("\r\u{1B}[K") }
  }
}
