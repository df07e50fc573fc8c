import ArgumentParser
import FoundationEssentials
import OAIRDiscovery
import OAIRouter

/// `oairouter backends`: a running router's backends.
struct Backends: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backends",
    abstract: "Show and change the backends of a running router.",
    discussion: "Asks the router's admin listener; what is changed lasts until it restarts.",
    subcommands: [List.self, Add.self, Remove.self, Drain.self, Resume.self],
    defaultSubcommand: List.self
  )

  /// `oairouter backends list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "List the backends."
    )

    @OptionGroup var target: AdminTarget

    @Flag(help: "Print the answer as it came.")
    var json = false

    func run() throws {
      let body = try target.connection().ask("GET", "/admin/backends")
      if json { return Terminal.write(String(decoding: body, as: UTF8.self) + "\n") }
      let list = try AdminTarget.AdminConnection.decode(body, as: AdminBackends.self)
      Terminal.write(list.table)
    }
  }

  /// `oairouter backends add`.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add",
      abstract: "Add a backend."
    )

    @Argument(
      help: ArgumentHelp("Where it is, such as gpu=http://10.0.0.5:8000.", valueName: "[id=]url")
    )
    var backend: BackendArgument

    @Option(help: "Its engine: auto, vllm, sglang, llamacpp, ollama, lmstudio or generic.")
    var type = "auto"

    @Option(help: "A model that it serves; repeatable. (default: it is asked)")
    var model: [String] = []

    @Option(help: "Its share of requests against its peers.")
    var weight = 1

    @Option(help: "Its tier: lower ones are used first.")
    var priority = 0

    @Option(help: "Requests that it is given at a time; 0: no bound.")
    var maxInFlight = 0

    @OptionGroup var target: AdminTarget

    private struct Form: Encodable {
      var id: String
      var url: String
      var type: String
      var models: [String]
      var weight: Int
      var priority: Int
      var maxInFlight: Int

      enum CodingKeys: String, CodingKey {
        case id, url, type, models, weight, priority
        case maxInFlight = "max_in_flight"
      }
    }

    func run() throws {
      if backend.hasSettings {
        throw CommandFailure(
          "settings are options here: write --weight 2 rather than ,weight=2",
          exitCode: CommandFailure.badUsage
        )
      }
      let form = Form(
        id: backend.id,
        url: backend.url,
        type: type,
        models: model,
        weight: weight,
        priority: priority,
        maxInFlight: maxInFlight
      )
      let body = Array(try JSONEncoder().encode(form))
      // The router would tell where in this body a mistake is, which nobody has seen.
      do throws(DocumentError) {
        _ = try BackendList.backend(try JSONDocument.parse(body), .admin)
      } catch {
        throw CommandFailure(error.problem, exitCode: CommandFailure.badUsage)
      }
      let added = try target.connection().ask(
        "POST",
        "/admin/backends",
        body,
        as: AdminBackends.Entry.self
      )
      let isMerged = added.id != backend.id
      Terminal.write(
        isMerged
          ? "\(backend.id) is the backend \(added.id), which was known already\n"
          : "added \(added.id) at \(Terminal.escaped(added.url)), state \(added.state)\n"
      )
    }
  }

  /// `oairouter backends rm`.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rm",
      abstract: "Take a backend away; the requests that it works on go on to their end.",
      discussion: "One that was discovered comes back when its source tells of it again: 'drain' "
        + "keeps it away."
    )

    @Argument(help: "The backend's id.") var id: String
    @OptionGroup var target: AdminTarget

    private struct Answer: Decodable {
      var inFlight: Int
      /// Whose backend has the id again.
      var restored: String?
      enum CodingKeys: String, CodingKey {
        case restored
        case inFlight = "in_flight"
      }
    }

    func run() throws {
      let answer = try target.connection().ask(
        "DELETE",
        "/admin/backends/\(PathSegment.encoded(id))",
        as: Answer.self
      )
      let goOn = "go\(answer.inFlight == 1 ? "es" : "") on there"
      let rest =
        answer.inFlight == 0 ? "" : "; \(Terminal.count(answer.inFlight, "request")) \(goOn)"
      let next = answer.restored.map {
        "; the one from \(Terminal.escaped($0)) has its place again"
      }
      Terminal.write("removed \(Terminal.escaped(id))\(rest)\(next ?? "")\n")
    }
  }

  /// `oairouter backends drain`.
  struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drain",
      abstract: "Give a backend nothing new; what it works on goes on to its end."
    )

    @Argument(help: "The backend's id.") var id: String
    @OptionGroup var target: AdminTarget

    func run() throws {
      let backend = try Backends.change(id, "drain", target)
      let runs = backend.inFlight == 1 ? "runs" : "run"
      let rest =
        backend.inFlight == 0
        ? "nothing runs there" : "\(Terminal.count(backend.inFlight, "request")) \(runs) there"
      Terminal.write("\(Terminal.escaped(backend.id)): \(backend.stateText), \(rest)\n")
    }
  }

  /// `oairouter backends resume`.
  struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "resume",
      abstract: "End a backend's drain."
    )

    @Argument(help: "The backend's id.") var id: String
    @OptionGroup var target: AdminTarget

    func run() throws {
      let backend = try Backends.change(id, "resume", target)
      Terminal.write("\(Terminal.escaped(backend.id)): \(backend.stateText)\n")
    }
  }

  private static func change(
    _ id: String,
    _ verb: String,
    _ target: AdminTarget
  ) throws -> AdminBackends.Entry {
    try target.connection().ask(
      "POST",
      "/admin/backends/\(PathSegment.encoded(id))/\(verb)",
      as: AdminBackends.Entry.self
    )
  }
}
