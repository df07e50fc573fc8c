import ArgumentParser
import FoundationEssentials
import OAIRouter

/// `oairouter route`: how a running router decides.
struct RouteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "route",
    abstract: "Ask a running router where requests go.",
    subcommands: [Explain.self]
  )

  /// `oairouter route explain`.
  struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain",
      abstract: "Say who would get a request, and why, without sending it.",
      discussion: "Ends with 1 when nobody would get it."
    )

    @Option(
      name: [.customShort("d"), .long],
      help: ArgumentHelp("The request's body: text, @FILE, or @- for standard input.")
    )
    var data = "{}"

    @Option(help: "The endpoint, or a stored response's path.")
    var path = "/v1/chat/completions"

    @Option(help: "The id of the request's session.")
    var session: String?

    @Flag(help: "Print the answer as it came.")
    var json = false

    @OptionGroup var target: AdminTarget

    func run() throws {
      let body = try BodyArgument.read(data)
      let sessionPart = session.map { "&session=\(PathSegment.encoded($0))" } ?? ""
      let answer = try target.connection().ask(
        "POST",
        "/admin/route?path=\(PathSegment.encoded(path))\(sessionPart)",
        body
      )
      let explanation = try AdminTarget.AdminConnection.decode(answer, as: Explanation.self)
      Terminal.write(
        json ? String(decoding: answer, as: UTF8.self) + "\n" : explanation.text
      )
      if explanation.chosen == nil { throw ExitCode(CommandFailure.failed) }
    }
  }

  /// What the admin listener says of a request.
  struct Explanation: Decodable {
    struct Candidate: Decodable {
      var id: String
      var state: String
      var reason: String
      var inFlight: Int
      var weight: Int
      var priority: Int

      enum CodingKeys: String, CodingKey {
        case id, state, reason, weight, priority
        case inFlight = "in_flight"
      }
    }

    struct Refusal: Decodable {
      var status: Int
      var code: String
      var message: String
    }

    var model: String?
    var servedModel: String?
    var chosen: String?
    /// nil: nothing had to decide, or the router is an older one.
    var decidedBy: String?
    var waits: Bool
    var candidates: [Candidate]
    var refusal: Refusal?

    enum CodingKeys: String, CodingKey {
      case model, chosen, waits, candidates, refusal
      case servedModel = "served_model"
      case decidedBy = "decided_by"
    }

    var text: String {
      var facts = model.map { [["model", $0]] } ?? []
      if let servedModel, servedModel != model { facts.append(["served as", servedModel]) }
      if let chosen { facts.append(["chosen", chosen]) }
      if let decidedBy { facts.append(["decided by", decidedBy]) }
      if waits { facts.append(["waits", "each backend that may be tried is at its bound"]) }
      if let refusal {
        facts.append(["answer", "\(refusal.status) \(refusal.code): \(refusal.message)"])
      }
      let head = Terminal.table(facts.map { $0.map(Terminal.escaped) })
      guard !candidates.isEmpty else { return head }
      let titles = ["BACKEND", "STATE", "IN FLIGHT", "WEIGHT", "PRIORITY", "WHY"]
      let rows = candidates.map { candidate in
        [
          candidate.id, candidate.state, "\(candidate.inFlight)", "\(candidate.weight)",
          "\(candidate.priority)", candidate.reason,
        ].map(Terminal.escaped)
      }
      return head + "\n" + Terminal.table([titles] + rows)
    }
  }
}

/// A request's body as curl takes it.
enum BodyArgument {
  /// - Throws: `CommandFailure` for a file that can't be read.
  static func read(_ argument: String) throws(CommandFailure) -> [UInt8] {
    guard argument.hasPrefix("@") else { return Array(argument.utf8) }
    let path = argument == "@-" ? "/dev/stdin" : String(argument.dropFirst())
    do {
      return try Array(Data(contentsOf: URL(filePath: path)))
    } catch {
      throw CommandFailure(
        "the body can't be read from \(path): check that it exists and that this user may read it",
        exitCode: CommandFailure.badUsage
      )
    }
  }
}
