import ArgumentParser
import FoundationEssentials
import OAIRouter

/// `oairouter doctor`: what keeps the router from serving, and what may surprise its users.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look for what keeps the router from serving, and say what to do about it.",
    discussion: """
      Takes the same options as 'serve', and reads the same variables; nothing is changed. Exit \
      status 0: all is fine; 1: it serves, but something should be seen to; 2: it doesn't serve as \
      it is configured.
      """
  )

  @OptionGroup var file: FileFlags

  @Flag(help: "Print JSON: a list of what was looked at, with its level and what to do.")
  var json = false

  @OptionGroup var demonstration: DemoFlag
  @OptionGroup var discover: DiscoverFlag
  @OptionGroup var flags: ServeFlags

  func run() throws {
    let findings = examine()
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Terminal.write(String(decoding: try encoder.encode(findings), as: UTF8.self) + "\n")
    } else {
      for finding in findings { Terminal.write(finding.rendered) }
    }
    switch findings.map(\.level).max() ?? .fine {
    case .fine: return
    case .warning: throw ExitCode(CommandFailure.failed)
    case .error: throw ExitCode(CommandFailure.badUsage)
    }
  }

  private func examine() -> [Finding] {
    let source = file.source(of: self)
    var findings: [Finding] = []
    var setup = RouterSetup(
      settings: Settings(),
      discover: discover.discover,
      hasDemo: demonstration.demo
    )
    var options = RouterOptions()
    var isConfigured = false
    do throws(SettingsFailure) {
      setup = try source.setup(
        of: try source.bytes(),
        discover: setup.discover,
        hasDemo: setup.hasDemo
      )
      isConfigured = true
      options = try setup.options()
      findings.append(.fine("configuration", source.path ?? "no file; defaults, variables, flags"))
      findings += setup.settings.warnings.map {
        .warning("configuration", $0, "correct the name, or unset it")
      }
    } catch {
      findings.append(
        .error(
          "configuration",
          error.description,
          "correct it; oairouter check says when all is well"
        )
      )
    }
    let keyFile = setup.settings.value("admin_key_file").text
    let running = RunningRouters.listeners(
      admin: setup.adminPlace,
      key: keyFile.flatMap { try? KeyFile.read($0) }
    )
    // What was to be listened on and looked for isn't known before all is right.
    if isConfigured {
      findings += ListenerExamination(settings: setup.settings, running: running).findings
      findings += EngineExamination(setup: setup).findings
    }
    // As the router itself does it.
    let descriptors = DescriptorLimit.raise(to: Serving.descriptors)
    let machine = MachineExamination(
      environment: source.environment,
      options: options,
      adminPlace: setup.adminPlace,
      descriptors: descriptors
    )
    return findings + machine.findings(now: MachineExamination.now)
  }
}
