import ArgumentParser
import Glibc
import OAIRouter

/// `oairouter discover`: what discovery sees, and why it doesn't use the rest.
struct Discover: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discover",
    abstract: "Show the servers that discovery finds, and what it skips and why.",
    discussion: """
      Looks at containers and at local ports, unless --discover says otherwise; nothing is \
      probed. Exit status 1: what was asked for could not be looked at.
      """
  )

  @Flag(help: "Look once and end; the default.")
  var once = false

  @Flag(help: "Go on, and print each change.")
  var watch = false

  @Flag(help: "Print JSON: one object, or with --watch one for each change and line.")
  var json = false

  @OptionGroup var file: FileFlags
  @OptionGroup var discover: DiscoverFlag
  @OptionGroup(title: "Discovery") var flags: SearchFlags

  func validate() throws {
    if once, watch { throw ValidationError("--once and --watch exclude each other") }
  }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    let search: DiscoverySearch
    let sources: DiscoverySearch.Sources
    do throws(SettingsFailure) {
      let settings = try file.source(of: self).read()
      search = DiscoverySearch(settings: settings, discover: discover.discover)
      sources = try search.sources(hasBackends: false)
    } catch { throw CommandFailure(error) }
    var discoverers: [any Discoverer] = []
    if let docker = sources.docker { discoverers.append(docker) }
    if !sources.ports.isEmpty { discoverers.append(LocalPortDiscoverer(ports: sources.ports)) }
    let report: DiscoveryReport
    let client: ControlClient
    do {
      report = try DiscoveryReport(isJSON: json, isLive: watch)
      client = try ControlClient()
    } catch { throw CommandFailure("\(error)") }
    if sources.lacksEngine {
      let reason = "there is no socket of Docker or Podman, and DOCKER_HOST isn't set"
      report.take(.skipped(DiscoverySkip("container engine", reason: reason)), by: "docker")
    }
    let watch = watch
    Task.detached { [discoverers] in
      guard (try? await client.start()) != nil else { return report.done.signal() }
      await withTaskGroup(of: Void.self) { group in
        for discoverer in discoverers {
          group.addTask {
            for await change in discoverer.changes(using: client) {
              report.take(change, by: discoverer.name)
              if change == .listed, !watch { return }
            }
          }
        }
      }
      report.done.signal()
    }
    report.done.waitUntilSignalled()
    report.finish()
    if report.hasTrouble, search.isExplicit { throw ExitCode(CommandFailure.failed) }
  }
}
