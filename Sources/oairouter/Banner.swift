import Glibc
import OAIRouter

/// What `serve` says when it starts: one line per address for scripts, and on a terminal what there
/// is and what to type next.
enum Banner {
  /// One line per address, in the log's format.
  ///
  /// - Parameters:
  ///   - format: that of the lines that will follow on standard output.
  ///   - isFallback: another port than the usual one was taken because that one wasn't free, not
  ///     because it was asked for.
  static func listening(_ router: Router, _ format: LogFormat, isFallback: Bool) {
    for address in router.boundAddresses {
      switch format {
      case .text: Terminal.write("listening on \(url(address))\n")
      case .json:
        let handler = LineLogHandler(.json, to: FileDescriptor(STDOUT_FILENO))
        Logger(label: "oairouter") { _ in handler }
          .notice("listening", metadata: ["url": .string(url(address))])
      }
    }
    if isFallback, case .ipv4(_, 11435) = router.boundAddress {
      Terminal.writeError(
        "port 11434 is taken (Ollama sits there usually): serving on 11435 instead\n"
      )
    }
  }

  /// Once the backends have been asked for their models.
  static func ready(_ router: Router) async {
    guard isatty(STDOUT_FILENO) == 1 else { return }
    let table = await router.firstListing()
    Terminal.write(text(table, router.boundAddress))
  }

  private static func text(_ table: RouteTable, _ address: SocketAddress) -> String {
    var lines = ["", "oairouter \(Version.text)"]
    for backend in table.backends {
      let record = backend.record
      lines.append("  backend \(record.id)  \(url(record.address))  \(backend.state.name)")
    }
    if table.backends.isEmpty {
      lines.append("  no backends: add some with --backend http://host:port, or try --demo")
    }
    let models = (0..<table.entryCount).map {
      Terminal.escaped(String(decoding: table.modelName($0), as: UTF8.self))
    }
    if let first = models.first {
      lines.append("  models  \(models.prefix(20).joined(separator: ", "))")
      lines += ["", "Try:", "", curl(url(address), first)]
    }
    return lines.joined(separator: "\n") + "\n\n"
  }

  private static func curl(_ url: String, _ model: String) -> String {
    """
      curl -sN \(url)/v1/chat/completions \\
        -d '{"model":"\(model)","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
    """
  }

  private static func url(_ address: SocketAddress) -> String {
    address.port == nil ? "\(address)" : "http://\(address)"
  }
}
