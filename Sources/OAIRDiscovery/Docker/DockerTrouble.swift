import Glibc
import OAIRSys

/// Why a container engine can't be watched, in words for a log: what happened, and what to do.
enum DockerTrouble {
  /// The text for a failure.
  static func text(_ failure: ControlFailure, _ endpoint: DockerEndpoint) -> String {
    switch failure {
    case .refused:
      "nobody listens at \(endpoint): is the container engine running? It is tried again for ever"
    case .denied: denied(endpoint)
    case .unreachable: "\(endpoint) can't be reached"
    case .timedOut:
      "\(endpoint) gave no answer within \(DiscoveryLimits.engineTimeout)"
    case .closed: "\(endpoint) closed the connection; what is known stays, and it is tried again"
    case .malformed: "what listens at \(endpoint) doesn't speak HTTP"
    case .status(let status):
      "\(endpoint) answered \(status): a socket proxy must allow GET on /containers and /events"
    case .tooLarge: "\(endpoint) sent more than this router takes at a time"
    case .exhausted: "no descriptor is left for \(endpoint): raise the limit of open files"
    case .cancelled, .stopped, .invalidRequest: "\(endpoint) wasn't asked"
    }
  }

  /// The remedy in the words that can be typed.
  private static func denied(_ endpoint: DockerEndpoint) -> String {
    guard case .unix(let path)? = endpoint.address else {
      return "this process may not connect to \(endpoint)"
    }
    let what = "permission denied on \(path)"
    guard let group = group(of: path), group != "root" else {
      return "\(what), which only root may use; run a socket proxy beside it and set DOCKER_HOST"
    }
    return
      "\(what): type 'sudo usermod -aG \(group) \(user())' and log in again; in a systemd unit "
      + "write SupplementaryGroups=\(group). That makes it as good as root; a socket proxy that "
      + "allows GET on /containers and /events is enough, with DOCKER_HOST=tcp://…"
  }

  private static func group(of path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o060 == 0o060 else { return nil }
    // In a user namespace (PrivateUsers= of a unit) every other group looks like this one.
    if status.st_gid == overflowGroup { return "docker" }
    return name { buffer, size in
      var entry = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      guard getgrgid_r(status.st_gid, &entry, buffer, size, &found) == 0, found != nil else {
        return nil
      }
      return String(cString: entry.gr_name)
    } ?? "\(status.st_gid)"
  }

  /// The kernel's default (user_namespaces(7)): Debian's `nogroup`, which nobody gives a socket to.
  private static let overflowGroup: gid_t = 65534

  private static func user() -> String {
    name { buffer, size in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard getpwuid_r(geteuid(), &entry, buffer, size, &found) == 0, found != nil else {
        return nil
      }
      return String(cString: entry.pw_name)
    } ?? "$USER"
  }

  private static func name(
    _ look: (UnsafeMutablePointer<CChar>, Int) -> String?
  ) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
      buffer.baseAddress.flatMap { look($0, buffer.count) }
    }
  }
}
