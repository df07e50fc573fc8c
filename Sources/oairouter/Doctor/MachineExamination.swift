import Glibc
import OAIRouter

/// Limits of the process, its environment and its clock.
struct MachineExamination {
  /// Below it a busy router refuses clients.
  static let fewDescriptors = 4096
  /// 2026-01-01, in seconds: no clock that runs stands before it.
  static let earliest: Int64 = 1_767_225_600

  let environment: [String: String]
  /// As far as they can be made of the configuration.
  var options = RouterOptions()
  var adminPlace = AdminOptions.Place.automatic
  var descriptors = DescriptorLimit.current
  var dumpsCore = Self.coreLimit > 0
  var adminFolder = AdminFolder.own()

  /// CLOCK_REALTIME in seconds.
  static var now: Int64 { Int64(time(nil)) }

  /// - Parameter now: what the clock says, in seconds since 1970.
  func findings(now: Int64) -> [Finding] {
    [descriptorFinding, proxyFinding, clockFinding(now), coreFinding, adminFinding]
  }

  private var descriptorFinding: Finding {
    let connections = options.connections(descriptors: descriptors)
    let text = "\(descriptors) open files: \(connections) clients at a time"
    let needed = 2 * min(connections, 1 << 20) + 64
    let isSet = options.proxy.limits.connections != nil
    let isEnough = isSet ? needed <= descriptors : descriptors >= Self.fewDescriptors
    guard !isEnough else { return .fine("descriptors", text) }
    if isSet {
      return .warning(
        "descriptors",
        text + ", who may need \(needed)",
        "'ulimit -n \(needed)' before it starts, or fewer limits.connections"
      )
    }
    return .warning(
      "descriptors",
      text,
      "'ulimit -n 65536' before it starts, or LimitNOFILE=65536 in its unit"
    )
  }

  /// The router uses no proxy; the clients on this machine may, even for 127.0.0.1.
  private var proxyFinding: Finding {
    let names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    let set = names.filter { !(environment[$0] ?? "").isEmpty }
    guard !set.isEmpty else { return .fine("proxies", "none is set") }
    let name = environment["no_proxy"] == nil ? "NO_PROXY" : "no_proxy"
    let former = environment[name] ?? ""
    let excepted = former.split(separator: ",").map { $0.filter { $0 != " " } }
    let isExcepted =
      excepted.contains("*")
      || excepted.contains("127.0.0.1") && excepted.contains("localhost")
    if isExcepted { return .fine("proxies", "\(set.joined(separator: ", ")), not for 127.0.0.1") }
    return .warning(
      "proxies",
      "\(set.joined(separator: ", ")): clients may ask the proxy for 127.0.0.1",
      "export \(name)=\(former.isEmpty ? "" : "$\(name),")localhost,127.0.0.1"
    )
  }

  private func clockFinding(_ now: Int64) -> Finding {
    guard now < Self.earliest else { return .fine("clock", "is set") }
    return .warning(
      "clock",
      "stands before 2026: times in logs and metrics are wrong",
      "'timedatectl set-ntp true', or set it by hand"
    )
  }

  private var coreFinding: Finding {
    guard dumpsCore else { return .fine("core", "no core dumps") }
    return .warning(
      "core",
      "a crash leaves a core dump, which has prompts in it",
      "'ulimit -c 0' before it starts, or LimitCORE=0 in its unit"
    )
  }

  private var adminFinding: Finding {
    switch adminPlace {
    case .off: return .fine("admin", "is off")
    case .at(.unix(let path)):
      let slash = path.lastIndex(of: "/")
      let folder = slash.map { String(path[...$0]) } ?? "."
      guard access(folder, W_OK | X_OK) == 0 else {
        return .error(
          "admin",
          "unix:\(path): \(Errno(errno).text)",
          "a folder that is there and may be written to"
        )
      }
      return .fine("admin", "unix:\(path)")
    case .at(let address): return .fine("admin", "\(address)")
    case .automatic, .listener: break
    }
    guard let adminFolder else {
      return .warning(
        "admin",
        "there is no place for the administrators' socket",
        "set XDG_RUNTIME_DIR or RUNTIME_DIRECTORY, or name one: --admin unix:/path"
      )
    }
    return .fine("admin", adminFolder)
  }

  private static var coreLimit: UInt64 {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { return 0 }
    return UInt64(limit.rlim_cur)
  }
}
