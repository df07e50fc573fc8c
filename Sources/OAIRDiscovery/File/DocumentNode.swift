/// A place in a text: both count from 1, as editors do; columns count characters.
package struct DocumentMark: Sendable, Equatable {
  package let line: Int
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// One value of a JSON or YAML text, and where it stands: what configuration is read from.
///
/// Scalars stay text: only who reads them knows whether `8000` is to be a number.
package struct DocumentNode: Sendable {
  /// What is there.
  package indirect enum Content: Sendable {
    /// Nothing, `null` or `~`.
    case null
    /// Text; plain when it wasn't quoted, so that it may stand for a number or a boolean.
    case scalar(String, isPlain: Bool)
    /// Values in their order.
    case list([DocumentNode])
    /// Members in their order, with different keys.
    case map([DocumentMember])
  }

  package let mark: DocumentMark
  package let content: Content
  /// It comes from elsewhere, and may be a secret: errors don't tell it.
  package let isHidden: Bool

  package init(_ content: Content, at mark: DocumentMark, isHidden: Bool = false) {
    self.content = content
    self.mark = mark
    self.isHidden = isHidden
  }

  /// A scalar as YAML's core schema reads it (1.2.2, 10.3.2).
  package init(scalar text: String, isPlain: Bool, at mark: DocumentMark) {
    let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(text)
    self.init(isNull ? .null : .scalar(text, isPlain: isPlain), at: mark)
  }
}

/// A key, where it stands, and its value.
package struct DocumentMember: Sendable {
  package let key: String
  package let mark: DocumentMark
  package let value: DocumentNode

  package init(key: String, at mark: DocumentMark, value: DocumentNode) {
    self.key = key
    self.mark = mark
    self.value = value
  }
}

/// What is wrong with a text of configuration, and where.
public struct DocumentError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The line, from 1; nil when it's about the whole text.
  public let line: Int?
  /// The character in that line, from 1.
  public let column: Int?
  /// What is wrong, in plain words.
  public let problem: String

  /// Tells what is wrong with a whole text, or at a place in it.
  public init(_ problem: String, line: Int? = nil, column: Int? = nil) {
    self.problem = problem
    self.line = line
    self.column = column
  }

  package init(_ problem: String, at mark: DocumentMark) {
    self.init(problem, line: mark.line, column: mark.column)
  }

  /// The same key in one map again: the second would silently win.
  package init(twice key: String, at mark: DocumentMark) {
    self.init("the key '\(key.prefix(64))' stands here twice", at: mark)
  }

  /// "3:5: …", as compilers put it.
  public var description: String {
    guard let line else { return problem }
    return column.map { "\(line):\($0): \(problem)" } ?? "\(line): \(problem)"
  }
}
