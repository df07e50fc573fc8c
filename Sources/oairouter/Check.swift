import ArgumentParser
import OAIRouter

/// `oairouter check`: what a configuration says, without serving.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration, and show what holds and where it was said.",
    discussion: """
      Takes the same options as 'serve', and reads the same variables. Prints YAML that is a whole \
      configuration file, but for secrets, which are masked. Exit status 2: it can't be used; \
      every mistake of a single setting is told with its place, then what doesn't fit together.
      """
  )

  @OptionGroup var file: FileFlags

  @Flag(help: "Print JSON: for each key its value and where it was said, or all mistakes.")
  var json = false

  @Flag(help: "Print the JSON Schema of configuration files, for editors, and end.")
  var schema = false

  @OptionGroup var demonstration: DemoFlag
  @OptionGroup var discover: DiscoverFlag
  @OptionGroup var flags: ServeFlags

  func run() throws {
    if schema {
      Terminal.write(ConfigurationSchema.text)
      return
    }
    do throws(SettingsFailure) {
      let source = file.source(of: self)
      let setup = try source.setup(
        of: try source.bytes(),
        discover: discover.discover,
        hasDemo: demonstration.demo
      )
      _ = try setup.options()
      let settings = setup.settings
      for warning in settings.warnings { Terminal.writeError("oairouter: \(warning)\n") }
      let listing = SettingsListing(settings: settings)
      Terminal.write(json ? listing.json : listing.yaml)
    } catch {
      if json { Terminal.write(SettingsListing.json(error)) }
      throw CommandFailure(error)
    }
  }
}
