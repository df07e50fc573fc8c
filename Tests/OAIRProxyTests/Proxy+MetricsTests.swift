import Glibc
import OAIRReactor
import OAIRSys
import Synchronization
import Testing

@testable import OAIRProxy

struct ProxyMetricsTests {
  /// Keeps the orders that a proxy gives.
  private final class Orders: Sendable {
    private let orders = Mutex<[MetricsOrder]>([])
    var all: [MetricsOrder] { orders.withLock { $0 } }
    func append(_ order: MetricsOrder) { orders.withLock { $0.append(order) } }
  }

  private static let secret = "0123456789abcdef"
  private static let elsewhere = SocketAddress.ipv4(0x0a00_0001, port: 1)

  private func makeProxy(_ orders: Orders, keys: [ClientKey] = []) throws -> Proxy<LinuxKernel> {
    var options = ProxyOptions()
    options.keys = keys
    return Proxy(
      kernel: try LinuxKernel(),
      options: options,
      connections: 32,
      metricsPrinter: { orders.append($0) },
      seed: 1
    )
  }

  /// A client's end of a connection, on which it has asked for the metrics.
  private func ask(
    _ proxy: inout Proxy<LinuxKernel>,
    from peer: SocketAddress,
    key: String? = nil
  ) throws -> Int32 {
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK, 0, &ends) == 0)
    let downstream = proxy.downstreams.insert(
      Downstream(
        registration: .none,
        peer: peer,
        checksHost: false,
        resting: proxy.exchanges.resting
      )
    )
    proxy.downstreams[downstream].registration = try proxy.reactor.register(
      FileDescriptor(ends[0]),
      owner: OwnerTag(.downstream, downstream).bits,
      readiness: .writable
    )
    let field = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    let request = Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n".utf8)
    #expect(write(ends[1], request, request.count) == request.count)
    _ = proxy.runTick(limit: 0)
    return ends[1]
  }

  private func answer(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  @Test func `this machine gets what is made for it`() throws {
    let orders = Orders()
    var proxy = try makeProxy(orders)
    let client = try ask(&proxy, from: .loopback(port: 1))
    defer { close(client) }
    let order = try #require(orders.all.first)
    #expect(answer(client).isEmpty)
    proxy.answerMetrics(MetricsPage(order, body: Array("page\n".utf8)))
    let text = answer(client)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("\r\n\r\npage\n"))
  }

  @Test func `another machine is refused without a key and served with one`() throws {
    let orders = Orders()
    var open = try makeProxy(orders)
    let stranger = try ask(&open, from: Self.elsewhere)
    #expect(answer(stranger).contains("\"code\":\"metrics_not_allowed\""))
    var guarded = try makeProxy(orders, keys: [ClientKey(id: "a", secret: Self.secret)])
    let nobody = try ask(&guarded, from: Self.elsewhere)
    #expect(answer(nobody).hasPrefix("HTTP/1.1 401 "))
    let wrong = try ask(&guarded, from: Self.elsewhere, key: Self.secret + "x")
    #expect(answer(wrong).hasPrefix("HTTP/1.1 401 "))
    #expect(orders.all.isEmpty)
    let known = try ask(&guarded, from: Self.elsewhere, key: Self.secret)
    #expect(orders.all.count == 1)
    for client in [stranger, nobody, wrong, known] { close(client) }
  }

  @Test func `eight look at a time and whoever leaves makes room`() throws {
    let orders = Orders()
    var proxy = try makeProxy(orders)
    var clients: [Int32] = []
    for _ in 0..<ProxyLimits.metricsOrders {
      clients.append(try ask(&proxy, from: .loopback(port: 1)))
    }
    let ninth = try ask(&proxy, from: .loopback(port: 1))
    let refusal = answer(ninth)
    #expect(refusal.hasPrefix("HTTP/1.1 503 ") && refusal.contains("\r\nRetry-After: 1\r\n"))
    // Pages for clients that have left go nowhere, and count.
    for client in clients { close(client) }
    _ = proxy.runTick(limit: 0)
    for order in orders.all { proxy.answerMetrics(MetricsPage(order, body: [0x78])) }
    let tenth = try ask(&proxy, from: .loopback(port: 1))
    let hits = proxy.counters.metricsLimit
    #expect(orders.all.count == ProxyLimits.metricsOrders + 1 && hits == 1)
    close(ninth)
    close(tenth)
  }
}
