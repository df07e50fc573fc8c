import ArgumentParser
import FoundationEssentials
import OAIRouter

/// Models that stand for others: maps, written as JSON.
struct ModelArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Names that clients ask for, and the models that are served for them, such as "
        + #"{"gpt-4o":"llama3.2"}."#,
      valueName: "json"
    ),
    transform: { try Self.parse($0) as [String: String] }
  )
  var aliases: [String: String] = [:]

  @Option(
    help: ArgumentHelp(
      "Models that are asked when another one's backends are spent, such as "
        + #"{"big":["small","tiny"]}."#,
      valueName: "json"
    ),
    transform: { try Self.parse($0) as [String: [String]] }
  )
  var fallbacks: [String: [String]] = [:]

  func apply(to options: inout RouterOptions) {
    options.rewrites = ModelRewrites(aliases: aliases, fallbacks: fallbacks)
  }

  private static func parse<Map: Decodable>(_ text: String) throws -> Map {
    do {
      return try JSONDecoder().decode(Map.self, from: Data(text.utf8))
    } catch {
      throw ValidationError("expected a JSON object from names to names, not '\(text)'")
    }
  }
}
