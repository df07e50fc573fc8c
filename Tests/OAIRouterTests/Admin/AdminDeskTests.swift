import OAIRAdmin
import OAIRDiscovery
import OAIRProxy
import OAIRRouting
import OAIRSys

import Testing

@testable import OAIRouter

/// The endpoints without a data plane: what needs one says so, the rest works.
struct AdminDeskTests {
  private let registry = BackendRegistry { _ in }
  private let level = LogLevelSwitch(.info)
  private let desk: AdminDesk

  init() throws {
    let reports = ReportDesk { _ in }
    reports.close()
    var options = RouterOptions()
    options.logLevel = level
    desk = AdminDesk(
      registry: registry,
      added: AddedBackends(registry, try ControlClient(), own: []),
      reports: reports,
      troubles: DiscoveryTroubles(),
      configuration: LiveConfiguration(options),
      addresses: [.loopback(port: 1)],
      isAdminLocal: true,
      startedAt: 0
    )
  }

  private func ask(_ method: String, _ path: String, _ body: String = "") async -> AdminResponse {
    await desk.answer(AdminRequest(method, path, body: Array(body.utf8)))
  }

  private func text(_ response: AdminResponse) -> String {
    String(decoding: response.body, as: UTF8.self)
  }

  @Test(arguments: [
    ("GET", "/", 404), ("GET", "/v1/models", 404), ("GET", "/admin", 404),
    ("GET", "/admin/nothing", 404), ("GET", "/admin/backends/nobody", 404),
    ("DELETE", "/admin/backends/nobody", 404), ("POST", "/admin/backends/nobody/drain", 404),
    ("DELETE", "/admin/backends/", 404), ("POST", "/admin/backends//drain", 404),
    ("GET", "/admin/backends", 200), ("HEAD", "/admin/backends", 200),
    ("GET", "/admin/log-level", 200), ("GET", "/admin/status", 503),
    ("POST", "/admin/route", 503), ("POST", "/admin/backends", 400),
    ("PUT", "/admin/log-level", 400), ("POST", "/admin/upgrade", 501),
  ])
  func `paths have their answers`(method: String, path: String, status: Int) async {
    #expect(await ask(method, path).status == status)
  }

  @Test(arguments: [
    ("PUT", "/admin/backends", "GET, POST, HEAD"), ("POST", "/admin/status", "GET, HEAD"),
    ("DELETE", "/admin/log-level", "GET, PUT, HEAD"), ("GET", "/admin/route", "POST"),
    ("GET", "/admin/backends/a/drain", "POST"), ("PUT", "/admin/backends/a", "GET, DELETE, HEAD"),
  ])
  func `a wrong method is told the right ones`(
    method: String,
    path: String,
    allow: String
  ) async {
    let response = await ask(method, path)
    #expect(response.status == 405)
    #expect(response.allow == allow)
  }

  @Test func `a backend is added, drained, resumed and removed`() async {
    let form = #"{"id":"a/b%","url":"http://127.0.0.1:7/x","models":["m"],"weight":2}"#
    let added = await ask("POST", "/admin/backends", form)
    #expect(added.status == 201)
    #expect(text(added).contains(#""url":"http://127.0.0.1:7/x""#))
    #expect(text(added).contains(#""source":"admin""#))
    #expect(await ask("POST", "/admin/backends", form).status == 200)
    // Its slash may be encoded or not.
    let drained = await ask("POST", "/admin/backends/a%2Fb%25/drain")
    #expect(drained.status == 200)
    #expect(text(drained).contains(#""state":"draining""#))
    #expect(text(drained).contains(#""draining":true"#))
    #expect(text(await ask("POST", "/admin/backends/a/b%25/resume")).contains(#""draining":false"#))
    let removed = await ask("DELETE", "/admin/backends/a%2Fb%25")
    #expect(text(removed) == #"{"removed":"a/b%","in_flight":0}"#)
    #expect(text(await ask("GET", "/admin/backends")) == #"{"backends":[]}"#)
  }

  @Test func `a backend that isn't there is answered with those that are`() async {
    _ = await ask("POST", "/admin/backends", #"{"id":"a","url":"http://127.0.0.1:7"}"#)
    let response = await ask("POST", "/admin/backends/b/drain")
    #expect(text(response).contains("There are: a."))
    #expect(text(response).contains(#""code":"backend_not_found""#))
  }

  @Test func `what the registry refuses is a conflict`() async {
    let endpoint = Endpoint(address: .loopback(port: 1))
    await registry.register(Backend(id: "a", endpoint: endpoint, source: .flag))
    let response = await ask("POST", "/admin/backends", #"{"id":"a","url":"http://127.0.0.1:7"}"#)
    #expect(response.status == 409)
    #expect(text(response).contains(#""code":"backend_refused""#))
  }

  @Test func `the log level is changed at once`() async {
    #expect(text(await ask("GET", "/admin/log-level")) == #"{"level":"info"}"#)
    let changed = await ask("PUT", "/admin/log-level", #"{"level":"error"}"#)
    #expect(text(changed) == #"{"level":"error","before":"info"}"#)
    #expect(level.level == .error)
    for body in ["", "{}", #"{"level":"loud"}"#, #"{"level":3}"#, "[]"] {
      #expect(await ask("PUT", "/admin/log-level", body).status == 400)
    }
    #expect(level.level == .error)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"url":7}"#, #"{"url":"http://h:1","id":"a b"}"#, #"{"url":"ftp://h:1"}"#,
    #"{"url":"http://h:1","weight":0}"#, #"{"url":"http://h:1","nonsense":1}"#,
    #"{"url":"http://h:1","url":"http://h:2"}"#, String(repeating: "[", count: 100_000),
  ])
  func `what isn't a backend is refused, and says where it goes wrong`(body: String) async {
    let response = await ask("POST", "/admin/backends", body)
    #expect(response.status == 400)
    #expect(text(response).contains(#""code":"invalid_backend""#))
    #expect(await registry.snapshot().isEmpty)
  }

  @Test func `a path that can't be one isn't explained`() async {
    let long = "/" + String(repeating: "x", count: 2000)
    for path in ["x", long, ""] {
      let request = AdminRequest("POST", "/admin/route", query: "path=\(path)")
      #expect(await desk.answer(request).status == 400)
    }
  }
}

struct QueryPartTests {
  @Test(arguments: [
    ("path=/x", "/x"), ("a=b&path=%2Fx%20y", "/x y"), ("", nil), ("paths=/x", nil), ("path", nil),
    ("path=", ""), ("path=%", "%"),
  ])
  func `values are found and decoded`(query: String, value: String?) {
    #expect(QueryPart.value("path", of: query) == value)
  }
}
