/// The options of a `Connection` field (RFC 9110 section 7.6.1).
enum ConnectionOption {
  case close, keepAlive, upgrade
  /// Anything else: the name of a field that is meant for this connection only.
  case fieldName

  init(_ base: UnsafeRawPointer, count: Int) {
    if CaseFold.equals(base, count: count, "close") {
      self = .close
    } else if CaseFold.equals(base, count: count, "keep-alive") {
      self = .keepAlive
    } else if CaseFold.equals(base, count: count, "upgrade") {
      self = .upgrade
    } else {
      self = .fieldName
    }
  }
}
