import ArgumentParser

/// A number of bytes on the command line: `512`, `64KiB`, `8MiB`, `1GiB`, `64KB`, `8MB`, `1GB`.
struct SizeArgument: ExpressibleByArgument, CustomStringConvertible, Sendable {
  /// In bytes, 0 or more.
  let value: Int

  private static let units: [(name: String, bytes: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1), ("", 1),
  ]

  init(_ value: Int) { self.value = value }

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    let name = argument.dropFirst(digits.count)
    guard let count = Int(digits), let unit = Self.units.first(where: { $0.name == name }) else {
      return nil
    }
    let (bytes, isOverflow) = count.multipliedReportingOverflow(by: unit.bytes)
    guard !isOverflow else { return nil }
    value = bytes
  }

  /// For `@Option(transform:)`, which tells the user what is expected.
  static func parse(_ argument: String) throws -> SizeArgument {
    guard let size = SizeArgument(argument: argument) else {
      throw ValidationError(
        "a size is a whole number, alone or with one of the units B, KB, MB, GB, KiB, MiB, GiB, "
          + "such as 64KiB"
      )
    }
    return size
  }

  /// In the largest binary unit that is exact.
  var description: String {
    for unit in Self.units.prefix(3) where value >= unit.bytes && value % unit.bytes == 0 {
      return "\(value / unit.bytes)\(unit.name)"
    }
    return "\(value)"
  }

  var defaultValueDescription: String { description }
}
