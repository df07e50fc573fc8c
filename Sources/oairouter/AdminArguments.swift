import ArgumentParser
import OAIRouter

/// Where a router's administrators reach it.
struct AdminArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where administrators reach it: auto (a unix socket in $RUNTIME_DIRECTORY or "
        + "$XDG_RUNTIME_DIR/oairouter), an address of its own, or off. (default: auto)",
      valueName: "address"
    ),
    transform: Self.parse
  )
  var admin = AdminOptions.Place.automatic

  @Option(
    help: ArgumentHelp(
      "A file with the key that administrators must show; needed for an address that isn't a unix "
        + "socket.",
      valueName: "file"
    )
  )
  var adminKeyFile: String?

  func apply(to options: inout AdminOptions) throws(CommandFailure) {
    options.place = admin
    if let adminKeyFile { options.key = AdminKey(try KeyFile.read(adminKeyFile)) }
  }

  private static func parse(_ argument: String) throws -> AdminOptions.Place {
    switch argument {
    case "auto": .automatic
    case "off": .off
    default: .at(try AdminTarget.parse(argument))
    }
  }
}
