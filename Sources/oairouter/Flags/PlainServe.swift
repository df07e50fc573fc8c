import ArgumentParser

/// `serve` as it is nearly always called: settings that are a flag and its value, and little else.
///
/// The library takes three milliseconds to prepare the options of all settings, a fifth of the CPU
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
      source: rest.file.source(flags: plain.flags),
      discover: rest.discover.discover,
      hasDemo: rest.demonstration.demo
    )
  }
}
