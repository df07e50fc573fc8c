import Glibc
import OAIRouter

/// Whether the router could listen where it is told to.
struct ListenerExamination {
  /// Tried when the usual port is taken and nobody has named one.
  private static let fallbackPort: UInt16 = 11435

  let settings: Settings
  /// Where the routers listen that run here.
  let running: Set<String>

  var findings: [Finding] {
    settings.value("listen").elements.compactMap { $0.text.flatMap { SocketAddress($0) } }
      .map(finding)
  }

  private func finding(_ address: SocketAddress) -> Finding {
    do throws(SystemError) {
      _ = try ListeningSocket(address)
      // What it has made isn't left behind.
      if case .unix(let path) = address { unlink(path) }
      return .fine("listen", "\(address) is free")
    } catch {
      switch error.errno {
      case .addressInUse: return taken(address)
      default:
        let advice = Self.advice(error.errno, address)
        return .error("listen", "\(address): \(error.errno.text)", advice)
      }
    }
  }

  private static func advice(_ error: Errno, _ address: SocketAddress) -> String {
    if case .unix = address {
      return error == .noSuchFile
        ? "to make its folder, or another address with --listen"
        : "a folder that this user may make files in, or another address with --listen"
    }
    return error == .accessDenied
      ? "a port above 1023, or a systemd socket unit that listens there"
      : "'ip addr' to see this machine's addresses, or 0.0.0.0 for all"
  }

  private func taken(_ address: SocketAddress) -> Finding {
    if running.contains("\(address)") {
      return .fine("listen", "\(address) is served by the router that runs here")
    }
    let whom = Self.server(at: address)
    guard !settings.isSaid("listen") else {
      return whom == .router ? servedAlready(address) : inUse(address, "by \(whom.rawValue)")
    }
    // Nobody has named it: another one is tried.
    let second = address.with(port: Self.fallbackPort)
    if running.contains("\(second)") {
      return .fine("listen", "\(second) is served by the router that runs here")
    }
    guard (try? ListeningSocket(second)) != nil else { return inUse(second, "as well") }
    return .warning(
      "listen",
      "\(address) is taken by \(whom.rawValue): serving on port \(Self.fallbackPort) instead",
      "point clients at port \(Self.fallbackPort), or give an address with --listen"
    )
  }

  private func servedAlready(_ address: SocketAddress) -> Finding {
    .warning(
      "listen",
      "\(address) is served by a router already; another one can't listen there",
      "if it isn't the one that you mean: stop it, or give another address with --listen"
    )
  }

  private func inUse(_ address: SocketAddress, _ whom: String) -> Finding {
    let port = address.port.map { "'ss -ltnp sport = :\($0)'" } ?? "'ss -lxp'"
    return .error(
      "listen",
      "\(address) is taken \(whom)",
      "\(port) as root to see by whom; stop it, or give another address with --listen"
    )
  }

  private enum Neighbour: String {
    case router = "a router"
    case ollama = "an Ollama"
    case other = "another program"
  }

  /// Who answers there.
  private static func server(at address: SocketAddress) -> Neighbour {
    var place = address
    if let port = address.port, address.isWildcard { place = .loopback(port: port) }
    guard let health = try? RunningRouters.fetch("/health", place) else { return .other }
    if String(decoding: health.body, as: UTF8.self).contains("\"backends_total\"") {
      return .router
    }
    guard let root = try? RunningRouters.fetch("/", place) else { return .other }
    return String(decoding: root.body, as: UTF8.self).contains("Ollama") ? .ollama : .other
  }
}
