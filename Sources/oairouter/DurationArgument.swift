import ArgumentParser
import OAIRMock

/// A duration on the command line: `100us`, `250ms`, `5s`, `2m`, `1h`.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible, Sendable {
  let value: Duration

  init(_ value: Duration) { self.value = value }

  init?(argument: String) {
    guard let value = DurationText.parse(argument) else { return nil }
    self.value = value
  }

  /// For `@Option(transform:)`, which tells the user what is expected where the other initialiser
  /// can only say that the value is wrong.
  static func parse(_ argument: String) throws -> DurationArgument {
    guard let duration = DurationArgument(argument: argument) else {
      throw ValidationError(
        "a duration is a whole number with one of the units us, ms, s, m, h, such as 250ms"
      )
    }
    return duration
  }

  var description: String { DurationText.render(value) }
  var defaultValueDescription: String { description }
}
