/// What a backend is shown on top of a client's own fields: on requests, and on the probes and
/// listings of the control plane.
public struct BackendCredentials: Sendable, Equatable {
  /// LIMIT: bytes of the key.
  public static let longestKey = 4096
  /// LIMIT: bytes of all further fields, names and values together.
  public static let longestFields = 8192

  /// Sent as `Authorization: Bearer …`, in place of what the client has shown; nil for none.
  public var apiKey: String?
  /// Further fields, which replace a client's of the same name.
  public var headers: [String: String]

  /// Nothing by default.
  ///
  /// - Parameters:
  ///   - apiKey: visible ASCII characters; nil for none.
  ///   - headers: fields by name.
  public init(apiKey: String? = nil, headers: [String: String] = [:]) {
    self.apiKey = apiKey
    self.headers = headers
  }

  /// True when nothing is added.
  public var isEmpty: Bool { apiKey == nil && headers.isEmpty }

  /// What is wrong with them, without a value; nil when they can be sent.
  public var problem: String? {
    if let apiKey {
      let isVisible = apiKey.utf8.allSatisfy { (0x21...0x7e).contains($0) }
      guard (1...Self.longestKey).contains(apiKey.utf8.count), isVisible else {
        return "the key isn't 1 to \(Self.longestKey) visible ASCII characters"
      }
    }
    var bytes = 0
    for (name, value) in headers {
      guard Self.isToken(name) else { return "'\(name)' is no name of a header field" }
      if Self.reserved.contains(name.lowercased()) {
        return "the field '\(name)' is the router's own to write"
      }
      guard value.utf8.allSatisfy({ (0x20...0x7e).contains($0) || $0 == 0x09 }) else {
        return "the field '\(name)' has a value with other than printable ASCII characters"
      }
      bytes += name.utf8.count + value.utf8.count
    }
    if Set(headers.keys.map { $0.lowercased() }).count != headers.count {
      return "one field has two values"
    }
    if bytes > Self.longestFields { return "the fields have more than \(Self.longestFields) bytes" }
    return nil
  }

  /// All of it as lines of a head, in the order of the names.
  package var lines: String {
    var lines = apiKey.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    for (name, value) in headers.sorted(by: { $0.key < $1.key })
    where apiKey == nil || name.lowercased() != "authorization" {
      lines += "\(name): \(value)\r\n"
    }
    return lines
  }

  /// A token (RFC 9110 section 5.6.2).
  private static func isToken(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "-_.!#$%&'*+^`|~".utf8.contains(byte)
        }
      }
  }

  /// Fields that belong to one connection, delimit the message or name its way.
  private static let reserved: Set<String> = [
    "host", "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive",
    "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade",
    "expect", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id",
  ]
}

/// A secret must not get into a log by being printed.
extension BackendCredentials: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// What there is, without a value.
  public var description: String {
    let names = (apiKey == nil ? [] : ["apiKey"]) + headers.keys.sorted()
    return "BackendCredentials(\(names.joined(separator: ", ")))"
  }
  /// What there is, without a value.
  public var debugDescription: String { description }
  /// What there is, without a value.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
