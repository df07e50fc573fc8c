import OAIRRouting
import OAIRSys

@testable import OAIRDiscovery

/// However a stream of events is cut, and whatever lists come between them, what is
/// told of backends adds up.
///
/// Input: two bytes choose the cuts and the lists, the rest is the stream.
enum FuzzDockerEvents {
  static var target: FuzzTarget {
    FuzzTarget("docker-events") { input, _ in check(input) }
  }

  private static let lineLimit = 200

  private static func lines(_ bytes: [UInt8], step: Int) -> ([[UInt8]], Int) {
    var lines = EventLines(limit: lineLimit)
    var all: [[UInt8]] = []
    for start in stride(from: 0, to: bytes.count, by: step) {
      all += lines.receive(Array(bytes[start..<min(start + step, bytes.count)]))
    }
    #if PLANTED_BUG
      if step < 9 { all.removeAll { $0.last != UInt8(ascii: "}") } }
    #endif
    return (all, lines.takeSkipped())
  }

  private static func container(_ id: String, _ number: UInt8) -> Container {
    Container(
      id: id,
      name: "n\(number % 3)",
      image: "vllm/vllm-openai",
      isRunning: number % 5 != 0,
      ports: [Container.Port(inside: 8000, published: .loopback(port: UInt16(number) + 1))]
    )
  }

  private static func check(_ input: UnsafeRawBufferPointer) {
    guard input.count >= 2 else { return }
    let bytes = Array(input.dropFirst(2))
    let (whole, skipped) = lines(bytes, step: max(bytes.count, 1))
    let (cut, cutSkipped) = lines(bytes, step: Int(input[0]) % 16 + 1)
    require(whole == cut && skipped == cutSkipped, "the same wherever it is cut")
    require(whole.allSatisfy { $0.count <= lineLimit && !$0.isEmpty }, "within the limit")

    let vantage = DockerVantage(
      engine: .unix("/x"),
      containers: [],
      own: OwnContainer(candidates: []),
      networks: LocalNetworks(ranges: [], addresses: [])
    )
    let mapping = ContainerMapping(options: DockerOptions(), vantage: vantage)
    var ledger = ContainerLedger()
    var known: Set<String> = []
    var question: ContainerLedger.Question?
    func perform(_ steps: [ContainerLedger.Step]) {
      for step in steps {
        switch step {
        case .tell(.appeared(let backend)): known.insert(backend.id)
        case .tell(.disappeared(let id)): require(known.remove(id) != nil, "it was known")
        case .tell(.stirred(let id)): require(known.contains(id), "it is known")
        case .ask(let asked):
          require(question == nil, "one question at a time")
          if case .some(let ids) = asked {
            require((1...DiscoveryLimits.containersPerQuestion).contains(ids.count), "a bound")
          }
          question = asked
        default: break
        }
      }
    }
    perform(ledger.wantAll())
    var number = input[1]
    for line in whole {
      guard case .event(let event) = ContainerEvent.read(line) else { continue }
      perform(ledger.take(event))
      number = number &* 31 &+ 7
      guard number % 2 == 0, let asked = question else { continue }
      question = nil
      switch asked {
      case .all: perform(ledger.take(answer: [container("0123456789ab", number)], mapping))
      case .some(let ids):
        perform(ledger.take(answer: ids.map { container($0, number) }, mapping))
      }
    }
  }
}
