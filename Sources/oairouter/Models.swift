import ArgumentParser
import FoundationEssentials
import OAIRouter

/// `oairouter models`: what a running router, or any OpenAI-compatible server, serves.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List the models of a running server.",
    discussion: "Shows the key of --key-file, else of the variable OAIROUTER_API_KEY, if any."
  )

  /// The variable with the key.
  static let keyVariable = "OAIROUTER_API_KEY"

  @Option(
    help: "The server to ask. (default: \(ServerURL.standard))",
    transform: ServerURL.parse
  )
  var url = ServerURL.standard

  @Option(help: ArgumentHelp("A file with the key that the server wants.", valueName: "file"))
  var keyFile: String?

  @Flag(help: "Print the answer as it came.")
  var json = false

  /// What is shown of the list; Ollama says null for an empty one.
  struct List: Decodable, Equatable {
    struct Entry: Decodable, Equatable {
      var id: String
      var owner: String?

      enum CodingKeys: String, CodingKey {
        case id
        case owner = "owned_by"
      }
    }
    var data: [Entry]?
  }

  func run() throws {
    let response = try HTTPGet(url, credentials: try credentials()).fetch("/v1/models")
    let text = String(decoding: response.body, as: UTF8.self)
    guard response.status == 200 else {
      let answer = Terminal.escaped(String(text.prefix(400)))
      throw CommandFailure("\(url)/v1/models answered \(response.status): \(answer)")
    }
    guard !json else { return Terminal.write(text.hasSuffix("\n") ? text : text + "\n") }
    Terminal.write(try Self.table(response.body))
  }

  private func credentials() throws(CommandFailure) -> BackendCredentials {
    var credentials = BackendCredentials()
    let variable = ConfigurationSource.processEnvironment[Self.keyVariable] ?? ""
    if let keyFile {
      credentials.apiKey = try KeyFile.secret(keyFile)
    } else if !variable.isEmpty {
      credentials.apiKey = variable
    }
    guard let problem = credentials.problem else { return credentials }
    throw CommandFailure("the key can't be used: \(problem)", exitCode: CommandFailure.badUsage)
  }

  /// The names in a list; none if it isn't one.
  static func ids(_ body: [UInt8]) -> [String] {
    let list = try? JSONDecoder().decode(List.self, from: Data(body))
    return (list?.data ?? []).map(\.id)
  }

  /// The list as text.
  static func table(_ body: [UInt8]) throws(CommandFailure) -> String {
    let list: List
    do {
      list = try JSONDecoder().decode(List.self, from: Data(body))
    } catch {
      throw CommandFailure("the answer isn't a list of models; --json shows it")
    }
    let entries = list.data ?? []
    guard !entries.isEmpty else { return "no models\n" }
    let rows = entries.map { [Terminal.escaped($0.id), Terminal.escaped($0.owner ?? "-")] }
    return Terminal.table([["MODEL", "OWNER"]] + rows)
  }
}
