import ArgumentParser
import OAIRouter

/// `oairouter log-level`: what a running router logs.
struct SetLogLevel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log-level",
    abstract: "Show or change the least severe events that a running router logs.",
    discussion: "Lasts until it restarts. Request lines are written at info and below."
  )

  @Argument(help: "debug, info, notice, warning or error; without it the level is shown.")
  var level: LogLevel?

  @OptionGroup var target: AdminTarget

  private struct Answer: Decodable {
    var level: String
    var before: String?
  }

  func run() throws {
    let connection = try target.connection()
    let answer: Answer
    if let level {
      let body = Array(#"{"level":"\#(level.rawValue)"}"#.utf8)
      answer = try connection.ask("PUT", "/admin/log-level", body, as: Answer.self)
    } else {
      answer = try connection.ask("GET", "/admin/log-level", as: Answer.self)
    }
    let before = answer.before.map { ", before: \($0)" } ?? ""
    Terminal.write("log level: \(answer.level)\(before)\n")
  }
}
