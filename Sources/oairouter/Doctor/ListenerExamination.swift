import Glibc
import OAIRouter

/// Whether the router could listen where it is told to.
struct ListenerExamination {
  let settings: Settings

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
      case .accessDenied:
        return .error(
          "listen",
          "\(address): \(error.errno.text)",
          "a port above 1023, or a systemd socket unit that listens there"
        )
      default:
        return .error(
          "listen",
          "\(address): \(error.errno.text)",
          "'ip addr' to see this machine's addresses, or 0.0.0.0 for all"
        )
      }
    }
  }

  private func taken(_ address: SocketAddress) -> Finding {
    switch Self.server(at: address) {
    case .router: return .fine("listen", "\(address) is served by a router already")
    case .ollama where !settings.isSaid("listen"):
      return .warning(
        "listen",
        "\(address) is taken by an Ollama: serving on port 11435 instead",
        "point clients at port 11435, or give an address with --listen"
      )
    case .ollama: return inUse(address, "by an Ollama")
    case .other: return inUse(address, "by another program")
    }
  }

  private func inUse(_ address: SocketAddress, _ whom: String) -> Finding {
    let port = address.port.map { "'ss -ltnp sport = :\($0)'" } ?? "'ss -lxp'"
    return .error(
      "listen",
      "\(address) is taken \(whom)",
      "\(port) as root to see by whom; stop it, or give another address with --listen"
    )
  }

  private enum Neighbour { case router, ollama, other }

  /// Who answers there.
  private static func server(at address: SocketAddress) -> Neighbour {
    guard let port = address.port else { return .other }
    let host = address.isWildcard ? "127.0.0.1" : address.host
    let url = ServerURL(host: host, port: port, prefix: "")
    guard let health = try? HTTPGet(url).fetch("/health") else { return .other }
    if String(decoding: health.body, as: UTF8.self).contains("\"backends_total\"") {
      return .router
    }
    guard let root = try? HTTPGet(url).fetch("/") else { return .other }
    return String(decoding: root.body, as: UTF8.self).contains("Ollama") ? .ollama : .other
  }
}
