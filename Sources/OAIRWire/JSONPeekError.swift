/// Why a request body can't be routed.
///
/// Offsets are in bytes from the body's start.
public enum JSONPeekError: Error, Equatable, Sendable {
  /// The first byte that no JSON text has here (RFC 8259); the body's length when it ended too
  /// early.
  case invalidJSON(offset: Int)
  /// A second top-level `model` differs from the first: where its value begins.
  case duplicateModel(offset: Int)
  /// The only `model` at top level is written in another case, such as `Model`: where its value
  /// begins.
  case misspelledModel(offset: Int)
  /// The body is JSON of another kind than an object: where it begins.
  case notAnObject(offset: Int)
  /// The value of the top-level `model` isn't a string: where it begins.
  case modelNotAString(offset: Int)
  /// The model's name has more than `JSONPeek.modelLimit` bytes: where its value begins.
  case modelTooLong(offset: Int)

  /// The offset that the error names.
  public var offset: Int {
    switch self {
    case .invalidJSON(let offset), .duplicateModel(let offset), .notAnObject(let offset),
      .modelNotAString(let offset), .modelTooLong(let offset), .misspelledModel(let offset):
      offset
    }
  }
}
