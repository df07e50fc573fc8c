import ArgumentParser

/// `oairouter serve`: the router itself.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Route requests to inference servers.",
    discussion: """
      Serves until SIGTERM or SIGINT; then running streams may finish (--drain-timeout), and a \
      second signal ends it at once. With --drain-delay it serves on for so long at first, not \
      ready any more; a second signal cuts that short. SIGHUP, or a change of the file, has the \
      configuration read anew. A terminal that goes is like SIGTERM, unless nohup(1) says otherwise.
      """
  )

  @OptionGroup var file: FileFlags

  @OptionGroup var demonstration: DemoFlag
  @OptionGroup var discover: DiscoverFlag
  @OptionGroup var flags: ServeFlags

  func run() throws {
    try Serving(
      source: file.source(of: self),
      discover: discover.discover,
      hasDemo: demonstration.demo
    ).run()
  }
}

/// `serve` as it is nearly always called: settings that are a flag and its value, and little else.
///
/// The library takes five milliseconds to prepare the options of all settings, a quarter of the
/// time until the first answer. So it gets what isn't a setting. Whatever isn't plain (mistakes,
/// too) goes to `Serve`, which also is who shows them all.
struct PlainServe: ParsableArguments {
  @OptionGroup var file: FileFlags
  @OptionGroup var demonstration: DemoFlag
  @OptionGroup var discover: DiscoverFlag

  /// What these arguments ask for.
  ///
  /// - Parameter arguments: the words behind `serve`.
  /// - Returns: nil when `Serve` has to read them.
  static func serving(_ arguments: [String]) -> Serving? {
    guard let plain = PlainFlags(arguments), let rest = try? parse(plain.rest) else { return nil }
    return Serving(
      source: ConfigurationSource(
        file: rest.file.config,
        flags: plain.flags,
        environment: ConfigurationSource.processEnvironment
      ),
      discover: rest.discover.discover,
      hasDemo: rest.demonstration.demo
    )
  }
}
