import ArgumentParser
import OAIRouter

/// Who may use the router, and what it tells of itself.
struct AccessArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keys of which clients must show one, such as "
        + #"[{"id":"team-a","key_file":"/run/secrets/team-a","models":["*"]}]; also "#
        + "requests_per_minute and concurrent. (default: none is needed)",
      valueName: "json"
    )
  )
  var keys: String?

  @Option(
    name: .customLong("metrics.enabled"),
    help: ArgumentHelp("Whether GET /metrics is there: true or false.", valueName: "setting")
  )
  var hasMetrics = true

  func apply(to options: inout RouterOptions) throws(CommandFailure) {
    options.metrics.isEnabled = hasMetrics
    options.metrics.version = Version.text
    guard let keys else { return }
    do throws(DocumentError) {
      options.proxy.keys = try KeyList.read(try JSONDocument.parse(Array(keys.utf8))) { path in
        do throws(CommandFailure) {
          return .success(try KeyFile.secret(path))
        } catch { return .failure(KeyFileProblem(error.text)) }
      }
    } catch {
      throw CommandFailure("--keys: \(error)", exitCode: CommandFailure.badUsage)
    }
  }
}
