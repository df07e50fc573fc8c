import ArgumentParser
import FoundationEssentials
import Glibc
import OAIRouter

/// `oairouter upgrade`: another program goes on in a running router's place.
struct Upgrade: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade",
    abstract: "Have another process go on in a running router's place, cutting nothing.",
    discussion: """
      The running router starts the new program with its own arguments and environment, and \
      hands its listeners over once that one is ready; then it finishes what it has begun. A \
      program that can't serve changes nothing: it is ended, and the reason is told.
      """
  )

  @Option(
    help: ArgumentHelp(
      "The program that is to go on. (default: the one that runs, by the path with which it was "
        + "started)",
      valueName: "path"
    )
  )
  var binary: String?

  @Option(
    help: "How long it may take until it serves, 1s to 25s. (default: 20s)",
    transform: Self.parseTimeout
  )
  var timeout: DurationArgument?

  @OptionGroup var target: AdminTarget

  private struct Order: Encodable {
    var binary: String?
    var timeoutMilliseconds: Int?

    enum CodingKeys: String, CodingKey {
      case binary
      case timeoutMilliseconds = "timeout_ms"
    }
  }

  private struct Answer: Decodable {
    var pid: Int
    var version: String
    var formerPID: Int

    enum CodingKeys: String, CodingKey {
      case pid, version
      case formerPID = "former_pid"
    }
  }

  func run() throws {
    let order = Order(
      binary: binary.map { Self.absolute($0) },
      timeoutMilliseconds: timeout.map { Int($0.value / .milliseconds(1)) }
    )
    let body = Array(try JSONEncoder().encode(order))
    let answer = try target.connection().ask("POST", "/admin/upgrade", body, as: Answer.self)
    let version = Terminal.escaped(answer.version)
    Terminal.write(
      "process \(answer.pid) (\(version)) serves; process \(answer.formerPID) finishes what it has "
        + "begun\n"
    )
  }

  private static func parseTimeout(_ argument: String) throws -> DurationArgument {
    let duration = try DurationArgument.parse(argument)
    guard UpgradeRequest.deadlines.contains(duration.value) else {
      throw ValidationError("it must be 1s to 25s")
    }
    return duration
  }

  /// The router has a working directory of its own.
  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }
}
