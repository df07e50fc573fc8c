/// The whole exchange: the data plane on the simulated network, judged by the simulation's oracle.
///
/// The input decides what clients and backends send, in which pieces, with which faults and delays,
/// and which bytes of it are garbled.
///
/// Input: a byte for the number of requests and how often messages are garbled, a seed for what the
/// rest leaves open, 32 bytes that choose the profile, then the choices of the run, in their order.
struct FuzzExchange {
  static let name = "exchange"
  private static let profileLength = 32

  private let input: [UInt8]

  init(_ input: [UInt8]) { self.input = input }

  /// What came out; `echoes` as in `Simulation.run`.
  func outcome(echoes: Bool = false) throws -> Simulation.Outcome {
    guard input.count > 2 + Self.profileLength else { return Simulation.Outcome() }
    let events = input[(2 + Self.profileLength)...]
    let choices = Choices(
      profile: input[2..<events.startIndex],
      events: events,
      garbling: [0, 0, 300, 700][Int(input[0]) >> 2 & 3],
      isBrief: true
    )
    return try Simulation.run(
      seed: UInt64(input[1]),
      exchanges: Int(input[0]) & 3 + 1,
      choices: choices,
      echoes: echoes,
      saboteur: Self.saboteur
    )
  }

  /// A bug that is made on purpose: the end of a cut body looks like a regular one.
  private static var saboteur: Saboteur? {
    #if PLANTED_BUG
      Saboteur(.endsRegularly)
    #else
      nil
    #endif
  }
}

#if FUZZING
  import Glibc

  private let echoes = getenv("OAIR_SIM_TRACE") != nil

  extension FuzzTarget {
    static var all: [FuzzTarget] {
      [
        FuzzTarget(FuzzExchange.name) { input, _ in
          let outcome = try? FuzzExchange(Array(input)).outcome(echoes: echoes)
          let violations = outcome?.violations ?? ["the listener failed"]
          // What led there: its end, or all of it with OAIR_SIM_TRACE.
          if !echoes { for line in outcome?.trace ?? [] { EventTrace.write(line + "\n") } }
          require(violations.isEmpty, "\(violations)")
        }
      ]
    }
  }
#endif
