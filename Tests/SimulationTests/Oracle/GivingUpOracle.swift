import OAIRProxy

/// Judges failures that clients see: nobody is sent away while another backend may be asked.
struct GivingUpOracle {
  private let world: SimulatedWorld
  private let exchange: ExchangeRecord

  init(_ world: SimulatedWorld, _ exchange: ExchangeRecord) {
    self.world = world
    self.exchange = exchange
  }

  /// A backend's own failure reached the client: unless the retry budget was spent, which the end
  /// of the run shows, it is the last that might be asked for.
  func judgeFailure(of reader: ResponseReader) {
    guard [429, 500, 503].contains(reader.status), isEverybodyThere, !wereAllAsked(reader) else {
      return
    }
    world.unlessBudgetSpent.append(
      "request \(exchange.number) got a \(reader.status) after \(attempts(reader)) attempts"
    )
  }

  /// The router's own failure, for want of a backend or for its loss.
  func judgeOwn(_ reader: ResponseReader, _ text: String) {
    for state in ["ready", "suspect"] where reader.status == 503 {
      world.network.require(
        !text.contains(": \(state)"),
        "request \(exchange.number) failed though one was \(state): \(text)"
      )
    }
    world.network.require(
      !text.contains("retry.attempts") || attempts(reader) >= allowed,
      "request \(exchange.number) was called spent after \(attempts(reader)) attempts: \(text)"
    )
    let isLost = text.contains("no other one could take over")
    world.network.require(
      !(isLost || text.contains("no_healthy_backend")) || !isEverybodyThere || wereAllAsked(reader),
      "request \(exchange.number) failed after \(attempts(reader)) attempts: \(text)"
    )
  }

  /// Each backend that has the model could be asked at any time, and the request sent again.
  private var isEverybodyThere: Bool {
    let profile = world.profile
    return profile.connectFaults == 0 && profile.tableChanges == 0 && profile.garbling == 0
      && profile.maxInFlight == 0 && profile.connections >= 64 && profile.network.exhaustion == 0
      && world.network.fault == nil && !world.isDraining
      && exchange.body.count <= profile.options.limits.replay
  }

  private func wereAllAsked(_ reader: ResponseReader) -> Bool {
    attempts(reader) >= min(allowed, world.serverCount(exchange.model))
  }

  /// How many attempts a request may have.
  private var allowed: Int { 1 + world.profile.options.retry.attempts }

  private func attempts(_ reader: ResponseReader) -> Int {
    reader.head?.value("x-oairouter-attempts").flatMap { Int($0) } ?? 0
  }
}
