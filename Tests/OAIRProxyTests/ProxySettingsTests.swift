import OAIRReactor
import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRProxy

struct ProxySettingsTests {
  private func makeProxy(_ options: ProxyOptions = ProxyOptions()) throws -> Proxy<LinuxKernel> {
    Proxy(kernel: try LinuxKernel(), options: options, connections: 8, seed: 1)
  }

  private func begin(_ proxy: inout Proxy<LinuxKernel>) -> Handle {
    let downstream = proxy.downstreams.insert(
      Downstream(
        registration: .none,
        peer: .unix(""),
        checksHost: false,
        resting: proxy.exchanges.resting
      )
    )
    proxy.beginExchange(on: downstream)
    return downstream
  }

  @Test func `a request on a connection that is older than the settings goes by the new ones`()
    throws
  {
    var proxy = try makeProxy()
    let downstream = begin(&proxy)
    proxy.endExchange(on: downstream)
    var options = ProxyOptions()
    options.limits.writeQueue = 2048
    options.retry.attempts = 7
    proxy.adopt(options)
    let resting = proxy.settings(of: downstream).writeQueue
    #expect(resting == 2048)
    proxy.beginExchange(on: downstream)
    let queue = proxy.settings(of: downstream).writeQueue
    let further = proxy.downstreams[downstream].exchange.machine.furtherCandidates
    #expect(queue == 2048 && further == 7)
  }

  @Test func `nothing of an exchange is left for the next one`() throws {
    var proxy = try makeProxy()
    let downstream = begin(&proxy)
    proxy.downstreams[downstream].exchange.request.append(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    proxy.downstreams[downstream].exchange.headLength = 18
    proxy.downstreams[downstream].exchange.key = 1
    proxy.downstreams[downstream].exchange.status = 200
    proxy.downstreams[downstream].exchange.nameQueryModel(Array("m".utf8), isRepeated: false)
    _ = proxy.downstreams[downstream].exchange.machine.handle(.bodyEnded)
    proxy.endExchange(on: downstream)
    let rest = proxy.downstreams[downstream].exchange.serial
    #expect(rest == 0)
    proxy.beginExchange(on: downstream)
    let numbers = [
      proxy.downstreams[downstream].exchange.request.count,
      proxy.downstreams[downstream].exchange.headLength,
      proxy.downstreams[downstream].exchange.key,
      proxy.downstreams[downstream].exchange.status,
      Int(proxy.downstreams[downstream].exchange.serial),
    ]
    #expect(numbers == [0, 0, 0, 0, 2])
    let isNamed = proxy.downstreams[downstream].exchange.isModelNamed
    let phase = proxy.downstreams[downstream].exchange.machine.phase
    #expect(!isNamed && phase == .readingBody)
  }

  @Test func `an exchange goes on by what it began with`() throws {
    var options = ProxyOptions()
    options.keys = [ClientKey(id: "a", secret: "0123456789abcdef")]
    var proxy = try makeProxy(options)
    let older = begin(&proxy)
    proxy.downstreams[older].exchange.key = 1
    options.timeouts.idle = .seconds(1)
    options.limits.writeQueue = 2048
    options.keys = []
    options.halfClose = .finish
    proxy.adopt(options)
    let newer = begin(&proxy)
    let idle = [older, newer].map { proxy.settings(of: $0).deadlines.idle }
    #expect(idle == [300_000_000_000, 1_000_000_000])
    let queues = [older, newer].map { proxy.settings(of: $0).writeQueue }
    #expect(queues == [64 << 10, 2048])
    let finishes = [older, newer].map { proxy.settings(of: $0).halfClose == .finish }
    #expect(finishes == [false, true])
    let numbers = [older, newer].map { proxy.keyNumber($0) }
    #expect(numbers == [1, 0])
    let needsKey = [older, newer].map { !proxy.settings(of: $0).keys.isEmpty }
    #expect(needsKey == [true, false])
  }

  @Test func `former settings are freed with their last exchange`() throws {
    var proxy = try makeProxy()
    weak let former = proxy.settings
    let downstream = begin(&proxy)
    proxy.adopt(ProxyOptions())
    #expect(former != nil)
    proxy.endExchange(on: downstream)
    #expect(former == nil)
  }

  @Test func `what belongs to all exchanges changes at once`() throws {
    var proxy = try makeProxy()
    var options = ProxyOptions()
    options.selection.queue = 3
    options.selection.balance = .roundRobin
    options.retry.budgetPercent = 55
    proxy.adopt(options)
    #expect(proxy.queue.limit == 3)
    #expect(proxy.retryBudget.percent == 55)
    #expect(proxy.selector.policy == .roundRobin)
  }

  @Test func `limits that memory was laid out by stay`() {
    var newer = ProxyOptions()
    newer.limits.head = 1 << 20
    newer.limits.body = 1 << 20
    newer.limits.replay = 1 << 20
    newer.limits.bodiesTotal = 1 << 30
    newer.limits.connections = 7
    newer.limits.writeQueue = 4096
    newer.timeouts.idle = .seconds(7)
    let adopted = ProxyOptions().adopting(newer)
    var expected = ProxyLimits()
    expected.writeQueue = 4096
    #expect(adopted.limits == expected)
    #expect(adopted.timeouts == newer.timeouts)
  }
}
