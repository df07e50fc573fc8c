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

  // What isn't a setting stands in PlainServe, too.
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
