import Logging
import OAIRAdmin
import OAIRDiscovery
import OAIRProxy
import OAIRRouting
import OAIRSys
import OAIRWire

/// What administrators can ask for: one method per endpoint of docs/OPERATIONS.md.
///
/// Runs in tasks of the admin listener. It owns nothing: the registry has the backends, the reactor
/// its counters, of which it sends a copy.
struct AdminDesk: Sendable {
  let registry: BackendRegistry
  let added: AddedBackends
  let reports: ReportDesk
  let troubles: DiscoveryTroubles
  let configuration: LiveConfiguration
  let addresses: [SocketAddress]
  /// The admin listener is a unix socket.
  let isAdminLocal: Bool
  let startedAt: UInt64

  /// LIMIT: characters of a path that is explained.
  private static let longestPath = 1024
  private static let prefix = "/admin/"

  private var options: RouterOptions { configuration.options }

  /// Answers a request.
  func answer(_ request: AdminRequest) async -> AdminResponse {
    guard request.path.hasPrefix(Self.prefix) else { return Self.unknown(request) }
    let path = request.path.dropFirst(Self.prefix.count)
    switch path {
    case "status": return await ask(request, "GET") { await status() }
    case "backends" where request.method == "POST": return await add(request)
    case "backends": return await ask(request, "GET", "POST") { await backends() }
    case "log-level" where request.method == "PUT": return setLogLevel(request)
    case "log-level": return await ask(request, "GET", "PUT") { logLevel() }
    case "upgrade": return await ask(request, "POST") { await upgrade(request) }
    case "route": return await ask(request, "POST") { await explain(request) }
    default: break
    }
    guard path.hasPrefix("backends/") else { return Self.unknown(request) }
    return await changeBackend(request, path.dropFirst("backends/".count))
  }

  /// Answers if the method is the first of those that the path has; HEAD is as good as GET.
  private func ask(
    _ request: AdminRequest,
    _ methods: String...,
    answer: () async -> AdminResponse
  ) async -> AdminResponse {
    let method = request.method == "HEAD" ? "GET" : request.method
    return method == methods.first ? await answer() : Self.refused(request, methods)
  }

  private static func refused(_ request: AdminRequest, _ methods: [String]) -> AdminResponse {
    var response = AdminResponse.error(
      405,
      "method_not_allowed",
      "This path doesn't take the method \(request.method). Use one that the Allow header names."
    )
    let isReadable = methods.contains("GET")
    response.allow = (methods + (isReadable ? ["HEAD"] : [])).joined(separator: ", ")
    return response
  }

  private static func unknown(_ request: AdminRequest) -> AdminResponse {
    .error(
      404,
      "unsupported_endpoint",
      "The admin listener has no \(request.path.prefix(256)). "
        + "It has /admin/status, /admin/backends, /admin/route, /admin/log-level "
        + "and /admin/upgrade; "
        + "models are served on the other listeners."
    )
  }

  // MARK: - Backends

  private func backends() async -> AdminResponse {
    let report = await reports.report()
    let backends = await registry.snapshot()
    return AdminResponse(200, AdminRendering.backends(backends, report))
  }

  private func add(_ request: AdminRequest) async -> AdminResponse {
    let form: ConfiguredBackend
    do throws(DocumentError) {
      form = try BackendList.backend(try JSONDocument.parse(request.body), .admin)
    } catch {
      return .error(400, "invalid_backend", "The body isn't a backend: \(error).")
    }
    switch await added.add(form) {
    case .unresolved(let reason):
      return .error(400, "invalid_backend", "\(reason). Check the name in 'url'.")
    case .registered(.refused(let reason)):
      return .error(409, "backend_refused", "The backend isn't taken: \(reason).")
    case .registered(.merged(let known)):
      log("backend known already", form.id, known)
      return await show(known, 200)
    case .registered(let outcome):
      log(outcome == .registered ? "backend added" : "backend changed", form.id)
      return await show(form.id, outcome == .registered ? 201 : 200)
    }
  }

  /// `{id}`, `{id}/drain` or `{id}/resume`; an id may have slashes in it, encoded or not.
  private func changeBackend(_ request: AdminRequest, _ rest: Substring) async -> AdminResponse {
    for (verb, isDraining) in [("/drain", true), ("/resume", false)] where rest.hasSuffix(verb) {
      guard request.method == "POST" else { return Self.refused(request, ["POST"]) }
      let id = PercentDecoding.decoded(rest.dropLast(verb.utf8.count))
      guard await registry.setDraining(isDraining, id: id) else { return await missing(id) }
      log(isDraining ? "backend drained" : "backend resumed", id)
      return await show(id, 200)
    }
    let id = PercentDecoding.decoded(rest)
    switch request.method {
    case "GET", "HEAD": return await show(id, 200)
    case "DELETE":
      let report = await reports.report()
      let former = await registry.snapshot().first { $0.backend.id == id }
      guard await added.remove(id) else { return await missing(id) }
      await registry.publishNow()
      log("backend removed", id)
      let slot = former.flatMap { report?.slot($0.slot, incarnation: $0.incarnation) }
      let next = await registry.source(id: id)
      let inFlight = slot?.inFlight ?? 0
      return AdminResponse(200, AdminRendering.removed(id, inFlight: inFlight, next: next))
    default: return Self.refused(request, ["GET", "DELETE"])
    }
  }

  /// One backend; an id that was merged into another one shows that one.
  private func show(_ id: String, _ status: Int) async -> AdminResponse {
    // The reactor has the table before it makes the report: what is answered holds there, too.
    await registry.publishNow()
    let report = await reports.report()
    let backends = await registry.snapshot()
    guard let backend = backends.first(where: { $0.backend.id == id || $0.mergedIDs.contains(id) })
    else { return await missing(id) }
    return AdminResponse(status, AdminRendering.backend(backend, report))
  }

  private func missing(_ id: String) async -> AdminResponse {
    let ids = await registry.snapshot().map(\.backend.id)
    let known = ids.isEmpty ? "There is none at all." : "There are: \(Self.list(ids))."
    return .error(404, "backend_not_found", "There is no backend '\(id.prefix(128))'. \(known)")
  }

  private static func list(_ ids: [String]) -> String {
    ids.prefix(16).joined(separator: ", ") + (ids.count > 16 ? ", …" : "")
  }

  private func log(_ event: Logger.Message, _ id: String, _ known: String? = nil) {
    var metadata: Logger.Metadata = ["backend": .string(id), "by": "admin"]
    if let known { metadata["same_as"] = .string(known) }
    options.logger.notice(event, metadata: metadata)
  }

  // MARK: - The router

  private func status() async -> AdminResponse {
    await registry.publishNow()
    guard let report = await reports.report() else {
      return .error(503, "draining", "The router is shutting down.")
    }
    let table = await registry.table
    return AdminResponse(
      200,
      AdminRendering.status(
        report,
        table,
        await registry.snapshot(),
        addresses: addresses,
        uptimeMilliseconds: Int((LinuxKernel.now() &- startedAt) / 1_000_000),
        logLevel: options.logLevel?.level,
        discovery: troubles.all,
        reloads: options.reloads?.state,
        upgrades: options.upgrades?.state
      )
    )
  }

  private func upgrade(_ request: AdminRequest) async -> AdminResponse {
    guard let upgrade = options.upgrade else {
      return .error(
        501,
        "upgrade_unavailable",
        "The program that runs this router can't be replaced while it runs (RouterOptions.upgrade)."
      )
    }
    let wanted: UpgradeRequest
    do throws(DocumentError) { wanted = try UpgradeRequest(request.body) } catch {
      return .error(400, "invalid_upgrade", "The body isn't an upgrade: \(error).")
    }
    // A key that goes over a network isn't to be a way to run any program.
    guard wanted.program == nil || isAdminLocal else {
      return .error(
        403,
        "upgrade_binary_forbidden",
        "'binary' is only taken on a unix socket. Without it, the program with which this router "
          + "was started goes on."
      )
    }
    switch await upgrade(wanted) {
    case .done(let pid, let version):
      return AdminResponse(200, AdminRendering.upgrade(pid: pid, version: version))
    case .refused(let reason): return .error(409, "upgrade_refused", reason)
    case .failed(let reason): return .error(500, "upgrade_failed", reason)
    }
  }

  private func logLevel() -> AdminResponse {
    guard let level = options.logLevel else { return Self.fixedLevel }
    return AdminResponse(200, AdminRendering.logLevel(level.level, before: nil))
  }

  private func setLogLevel(_ request: AdminRequest) -> AdminResponse {
    guard let level = options.logLevel else { return Self.fixedLevel }
    guard let wanted = Self.level(in: request.body) else {
      let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      return .error(
        400,
        "invalid_log_level",
        "The body must be {\"level\": LEVEL}, with one of \(levels)."
      )
    }
    let before = level.level
    // Whoever reads the log is told, whatever the two levels are.
    level.level = min(before, wanted, .notice)
    options.logger.notice(
      "log level changed",
      metadata: ["before": .string(before.rawValue), "now": .string(wanted.rawValue)]
    )
    level.level = wanted
    return AdminResponse(200, AdminRendering.logLevel(wanted, before: before))
  }

  private static func level(in body: [UInt8]) -> Logger.Level? {
    let members = try? JSONDocument.parse(body).members(["level"], of: "the body")
    let name = try? members?["level"]?.text("level")
    return name.flatMap { Logger.Level(rawValue: $0) }
  }

  private static var fixedLevel: AdminResponse {
    .error(
      501,
      "log_level_fixed",
      "The program that runs this router has no level to change (RouterOptions.logLevel)."
    )
  }

  private func explain(_ request: AdminRequest) async -> AdminResponse {
    let path = QueryPart.value("path", of: request.query) ?? "/v1/chat/completions"
    guard path.hasPrefix("/"), path.utf8.count <= Self.longestPath else {
      return .error(
        400,
        "bad_request",
        "'path' must begin with / and have at most \(Self.longestPath) bytes."
      )
    }
    await registry.publishNow()
    guard let report = await reports.report() else {
      return .error(503, "draining", "The router is shutting down.")
    }
    do throws(SystemError) {
      let explanation = try RouteExplainer.explain(
        path: path,
        body: request.body,
        session: QueryPart.value("session", of: request.query),
        report: report,
        options: configuration.options.proxy
      )
      return AdminResponse(200, AdminRendering.explanation(explanation, path: path))
    } catch {
      return .error(503, "exhausted", "The system refuses: \(error). Try again in a moment.")
    }
  }
}

/// Takes queries apart.
enum QueryPart {
  /// The decoded value of a key; nil when it isn't there.
  static func value(_ key: String, of query: String) -> String? {
    for part in query.split(separator: "&") where part.hasPrefix(key + "=") {
      return PercentDecoding.decoded(part.dropFirst(key.utf8.count + 1))
    }
    return nil
  }
}

extension PercentDecoding {
  /// The text that is meant; what isn't UTF-8 becomes U+FFFD.
  static func decoded(_ text: Substring) -> String {
    var text = String(text)
    return text.withUTF8 { bytes in
      withUnsafeTemporaryAllocation(byteCount: max(1, bytes.count), alignment: 1) { room in
        let count = decode(UnsafeRawBufferPointer(bytes), into: room)
        return String(decoding: UnsafeRawBufferPointer(rebasing: room[..<count]), as: UTF8.self)
      }
    }
  }
}
