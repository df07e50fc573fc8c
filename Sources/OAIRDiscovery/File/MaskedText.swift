/// What may be told of a text that a user wrote down: an error goes into logs.
package enum MaskedText {
  /// Characters of it that are told.
  private static let length = 128

  /// The beginning of a text, without what identifies its writer to a server.
  ///
  /// - Parameter text: such as `a=http://user:password@10.0.0.5:8000,api_key=sk-1`.
  package static func beginning(_ text: String) -> String {
    // The user first: a password may have commas.
    let parts = withoutUser(text).split(separator: ",", omittingEmptySubsequences: false)
    let keyless = parts.map { $0.hasPrefix("api_key=") ? "api_key=***" : String($0) }
    return String(keyless.joined(separator: ",").prefix(length))
  }

  /// RFC 3986 section 3.2: what stands before the last `@` of an authority is its user.
  private static func withoutUser(_ text: String) -> String {
    guard let slashes = text.firstRange(of: "://") else { return text }
    let rest = text[slashes.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    guard let at = authority.lastIndex(of: "@") else { return text }
    return text[..<slashes.upperBound] + "***" + rest[at...]
  }
}
