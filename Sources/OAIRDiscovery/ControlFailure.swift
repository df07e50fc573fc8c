import Glibc
import OAIRSys

/// Why there is no response.
public enum ControlFailure: Error, Equatable, Sendable {
  /// Nobody listens there.
  case refused
  /// This process may not connect there: a unix socket's permissions, a local firewall.
  case denied
  /// There is no way to the host.
  case unreachable
  /// The time was over.
  case timedOut
  /// The connection ended before the response did.
  case closed
  /// What came back isn't HTTP/1.
  case malformed
  /// A stream was answered with this status instead of 200.
  case status(Int)
  /// The body is larger than the limit, or a stream's reader is too far behind.
  case tooLarge
  /// The task that waited was cancelled.
  case cancelled
  /// This side has no descriptor, no memory or no place left: it says nothing about the peer.
  case exhausted
  /// The client doesn't run.
  case stopped
  /// The request itself can't be sent: control characters in its target or host.
  case invalidRequest
}

extension ControlFailure {
  /// What a failed connect, read or write says about the peer.
  init(_ error: Errno) {
    switch error.code {
    // A unix socket without a file is as good as one without a listener (unix(7)).
    case ECONNREFUSED, ENOENT: self = .refused
    case EACCES, EPERM: self = .denied
    case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, EADDRNOTAVAIL: self = .unreachable
    case ETIMEDOUT: self = .timedOut
    default: self = error.isExhaustion ? .exhausted : .closed
    }
  }
}
