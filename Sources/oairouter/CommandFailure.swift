/// Why a command ends without success, in words for its user.
struct CommandFailure: Error, Equatable {
  /// It failed while it ran, or couldn't begin for a reason that may pass, such as an address that
  /// is taken.
  static let failed: Int32 = 1
  /// It couldn't begin: bad usage, bad configuration; a service manager needn't try again.
  static let badUsage: Int32 = 2
  /// `bench --compare` found figures that are worse than the record's.
  static let regression: Int32 = 3

  /// What happened, why, and what to do next.
  let text: String
  /// What the process ends with.
  let exitCode: Int32

  init(_ text: String, exitCode: Int32 = CommandFailure.failed) {
    self.text = text
    self.exitCode = exitCode
  }

  /// A configuration that can't be: a line for each mistake.
  init(_ failure: SettingsFailure) {
    self.init(failure.description, exitCode: Self.badUsage)
  }
}
