import Glibc
import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRProxy
@testable import OAIRouter

struct MetricsPageMakerTests {
  /// A page about a router that has seen everything once.
  private func page(isOpenMetrics: Bool = false) -> String {
    let backend = Backend(id: "gpu", endpoint: Endpoint(address: .loopback(port: 1)))
    let record = BackendRecord(backend, slot: 0, incarnation: 1)
    let table = RouteTable(
      generation: 1,
      members: [
        RouteMember(
          backend: RouteBackend(record: record, state: .ready),
          models: [ModelDescription(id: "m")]
        )
      ],
      isListed: true
    )
    var telemetry = Telemetry()
    telemetry.adopt(table)
    let model = table.series(0)
    telemetry.countRequest(model: model, incarnation: 1, status: 200, duration: 1)
    telemetry.countRequest(model: 0, incarnation: 0, status: 404, duration: 1)
    // Its backend is gone: it isn't shown.
    telemetry.countRequest(model: model, incarnation: 9, status: 200, duration: 1)
    telemetry.countFirstToken(model: model, incarnation: 1, after: 1)
    telemetry.countEvents(model: model, gap: 1, count: 1)
    telemetry.countAnswer(model: model, incarnation: 1) { $0.inputTokens += 3 }
    telemetry.countBackend(slot: 0, incarnation: 1) { $0.failures.add(.lost) }
    telemetry.total.families[0] += 1
    let order = MetricsOrder(
      ticket: MetricsTicket(worker: 0, downstream: 0, serial: 0),
      telemetry: telemetry.snapshot(),
      report: ProxyReport(
        slots: [],
        counters: ProxyCounters(),
        connections: 1,
        heldBodyBytes: 0,
        stage: .serving,
        workers: [.init(requests: 1, connections: 1)]
      ),
      isOpenMetrics: isOpenMetrics
    )
    let discovery = MetricsDesk.Discovery(discoverer: "docker", event: "found")
    let bytes = MetricsPageMaker(
      version: "1",
      lines: nil,
      reloads: ReloadRecord(),
      upgrades: UpgradeRecord()
    ).render(
      order,
      table,
      [discovery: 1]
    )
    return String(decoding: bytes, as: UTF8.self)
  }

  private func families(_ page: String) -> Set<String> {
    Set(
      page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { line in
        String(line.split(separator: " ")[2])
      }
    )
  }

  @Test func `every metric has samples and stands once`() {
    let page = page()
    let lines = page.split(separator: "\n")
    let types = lines.filter { $0.hasPrefix("# TYPE ") }
    #expect(types.count == families(page).count)
    for family in families(page) {
      #expect(
        lines.contains { line in
          ["", "_bucket"].contains {
            line.hasPrefix(family + $0 + "{") || line.hasPrefix(family + " ")
          }
        },
        "\(family) has no sample"
      )
    }
    let samples = lines.filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != " " } }
    #expect(Set(samples).count == samples.count)
  }

  @Test func `models and backends are labels and what is gone isn't shown`() {
    let page = page()
    #expect(page.contains(#"oairouter_requests_total{model="m",backend="gpu",code="200"} 1"#))
    #expect(
      page.contains(#"oairouter_requests_total{model="__unknown__",backend="",code="404"} 1"#)
    )
    #expect(page.contains(#"oairouter_tokens_total{model="m",backend="gpu",type="input"} 3"#))
    #expect(!page.contains("__other__"))
    #expect(page.contains(#"oairouter_attempt_failures_total{backend="gpu",reason="lost"} 1"#))
  }

  @Test func `the two formats have the same samples`() {
    func samples(_ page: String) -> [Substring] {
      page.split(separator: "\n").filter { line in
        // Of the moment when each page was made.
        !line.hasPrefix("#") && !line.hasPrefix("process_") && !line.contains("_timestamp_")
      }
    }
    #expect(samples(page()) == samples(page(isOpenMetrics: true)))
    #expect(page(isOpenMetrics: true).hasSuffix("# EOF\n"))
    #expect(!families(page(isOpenMetrics: true)).contains { $0.hasSuffix("_total") })
  }

  @Test func `docs list every metric and no other`() throws {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let file = try #require(fopen("/\(root)/docs/OPERATIONS.md", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let text = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    let rows = text.split(separator: "\n").filter {
      $0.hasPrefix("| `oairouter_") || $0.hasPrefix("| `process_")
    }
    // A row may name several, one after the other.
    let names = rows.flatMap { row in
      row.split(separator: "|")[0].split(separator: "`").filter { $0.contains("_") }.map(
        String.init
      )
    }
    #expect(Set(names).count == names.count)
    #expect(Set(names) == families(page()))
  }
}
