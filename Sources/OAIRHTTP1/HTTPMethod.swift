import Glibc

/// The methods that the router tells apart (RFC 9110 section 9, RFC 5789).
public enum HTTPMethod: UInt8, Sendable {
  /// The methods of those documents; `other` is any further token.
  case get, head, post, put, patch, delete, options, connect, trace, other

  /// Recognises a method, in capitals only (RFC 9110 section 9.1).
  ///
  /// - Parameters:
  ///   - base: first byte of the method.
  ///   - count: its length in bytes, all of which are readable.
  init(_ base: UnsafeRawPointer, count: Int) {
    switch count {
    case 3:
      self = Self.equals(base, "GET") ? .get : Self.equals(base, "PUT") ? .put : .other
    case 4:
      self = Self.equals(base, "POST") ? .post : Self.equals(base, "HEAD") ? .head : .other
    case 5:
      self = Self.equals(base, "PATCH") ? .patch : Self.equals(base, "TRACE") ? .trace : .other
    case 6:
      self = Self.equals(base, "DELETE") ? .delete : .other
    case 7:
      self =
        Self.equals(base, "OPTIONS")
        ? .options : Self.equals(base, "CONNECT") ? .connect : .other
    default: self = .other
    }
  }

  @inline(__always)
  private static func equals(_ base: UnsafeRawPointer, _ name: StaticString) -> Bool {
    memcmp(base, name.utf8Start, name.utf8CodeUnitCount) == 0
  }
}
