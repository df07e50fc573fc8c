import ArgumentParser
import Glibc
import OAIRDiscovery
import OAIRouter

/// The program.
///
/// It parses, wires and prints; what it does is in the libraries.
@main
struct Oairouter: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "oairouter",
    abstract: "A router for OpenAI-compatible inference servers.",
    discussion: """
      Exit codes: 0 all went well, 1 failed while running, 2 bad usage or configuration, \
      3 a benchmark is worse than the one it is compared with.
      """,
    version: Version.text,
    // Each says its name, as do theirs: derived from the types they take a sixth of the start.
    subcommands: [
      Serve.self, Check.self, Doctor.self, Status.self, Models.self, Backends.self, Discover.self,
      RouteCommand.self,
      SetLogLevel.self, Upgrade.self, Mock.self, Bench.self, Version.self,
    ],
    defaultSubcommand: Serve.self
  )

  /// Parses and runs, on the main thread and without any other: signals are taken by a descriptor,
  /// which must be made before a second thread exists.
  static func main() {
    ProgramVariables.own()
    // Swift finds them in /proc/self/cmdline; without them this would serve, whatever was asked.
    guard !CommandLine.arguments.isEmpty else {
      end(CommandFailure("the arguments can't be read: mount /proc", exitCode: 2))
    }
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      try checkCommand(arguments.first)
      if let serving = plainServing(arguments) { return try serving.run() }
      var command = try parseAsRoot(SettingFlag.separatingValues(in: arguments))
      try command.run()
    } catch {
      end(error)
    }
  }

  /// What `serve` has to do, which may be named or not, if its arguments are plain.
  private static func plainServing(_ arguments: [String]) -> Serving? {
    let isNamed = arguments.first == Serve.configuration.commandName
    guard isNamed || arguments.first?.hasPrefix("-") ?? true else { return nil }
    return PlainServe.serving(Array(arguments.dropFirst(isNamed ? 1 : 0)))
  }

  /// A word in the place of a command that is none: `serve`, which may be left out, takes no words.
  private static func checkCommand(_ word: String?) throws(CommandFailure) {
    let names = configuration.subcommands.map { $0._commandName }
    guard let word, !word.hasPrefix("-"), word != "help", !names.contains(word) else { return }
    throw CommandFailure(
      "there is no command '\(Terminal.escaped(String(word.prefix(64))))'"
        + "\(DocumentNode.hint(word, names)); 'oairouter --help' lists them",
      exitCode: CommandFailure.badUsage
    )
  }

  /// Says what went wrong (or shows the help that was asked for) and ends the process.
  private static func end(_ error: any Error) -> Never {
    if let failure = error as? CommandFailure {
      Predecessor.tell(failure.text)
      Terminal.writeError("oairouter: \(failure.text)\n")
      Glibc.exit(failure.exitCode)
    }
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    if code.isSuccess {
      Terminal.write(text + "\n")
    } else {
      Predecessor.tell(text)
      Terminal.writeError(text + "\n")
    }
    // sysexits(3) would have 64 for bad usage; here 2 means that, as in most programs.
    Glibc.exit(code == .validationFailure ? CommandFailure.badUsage : code.rawValue)
  }
}
