import OAIRSys

/// What can be asked of a name service; the raw value is the record's type on the wire.
enum DNSRecordType: UInt16, Sendable {
  /// IPv4 addresses (RFC 1035).
  case a = 1
  /// IPv6 addresses (RFC 3596).
  case aaaa = 28
  /// Services: hosts and their ports (RFC 2782).
  case srv = 33
}

/// One record of an answer.
struct DNSRecord: Equatable, Sendable {
  /// What it says.
  enum Content: Equatable, Sendable {
    /// An address; its port is 0.
    case address(SocketAddress)
    /// A host that has the service.
    case service(priority: Int, weight: Int, port: UInt16, target: String)
    /// How long to remember that there is nothing, in seconds (RFC 2308, the SOA record's MINIMUM).
    case authority(minimum: UInt32)
    /// Something else.
    case other
  }

  /// Whose it is, without a final dot.
  let name: String
  /// How long it holds, in seconds.
  let ttl: UInt32
  let content: Content
}
