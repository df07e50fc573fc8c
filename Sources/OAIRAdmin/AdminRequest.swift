/// A whole request of an administrator.
public struct AdminRequest: Sendable, Equatable {
  /// The method, as sent.
  public var method: String
  /// The path, percent escapes left as they are.
  public var path: String
  /// What follows the `?`; empty if there is none.
  public var query: String
  /// The body, dechunked.
  public var body: [UInt8]

  /// Makes a request.
  ///
  /// - Parameters:
  ///   - method: in capitals.
  ///   - path: beginning with `/`.
  ///   - query: without the `?`.
  ///   - body: of at most `AdminLimits.body` bytes.
  public init(_ method: String, _ path: String, query: String = "", body: [UInt8] = []) {
    self.method = method
    self.path = path
    self.query = query
    self.body = body
  }
}
