import ArgumentParser

/// `oairouter version`.
struct Version: ParsableCommand {
  /// The release that this is.
  static let text = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "version",
    abstract: "Print the version."
  )

  func run() { Terminal.write("oairouter \(Self.text)\n") }
}
