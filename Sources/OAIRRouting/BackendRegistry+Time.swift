/// What the registry does when its time has come.
extension BackendRegistry {
  /// Does what is due: doubts that end, names that are forgotten, the end of the wait for the first
  /// listings, tables that were held back, probes.
  ///
  /// The registry's own timer calls it after `start`.
  public func advance() {
    let now = options.now()
    var hasChanged = remembered.values.contains { $0.until <= now }
    for (time, key) in dues where time <= now {
      guard let key, let deadline = members[key]?.machine.deadline, deadline <= now else {
        continue
      }
      hasChanged = handle(.timePassed, key) || hasChanged
    }
    settle(hasChanged)
  }

  /// Takes what is to be looked at now; each order is to be answered.
  ///
  /// - Returns: the orders, and when to call again.
  public func takeProbes() -> ProbeRound {
    ProbeRound(orders: takeOrders(), nextDue: nextDue())
  }

  private func takeOrders() -> [ProbeOrder] {
    let now = options.now()
    var orders: [ProbeOrder] = []
    for (time, key) in dues where time <= now {
      guard let key, let order = edit(key, { takeOrder(&$0, at: now) }) ?? nil else { continue }
      orders.append(order)
    }
    return orders
  }

  private func takeOrder(_ member: inout RegistryMember, at now: UInt64) -> ProbeOrder? {
    let checks = member.probeDue <= now
    let lists = member.listingDue <= now
    guard checks || lists else { return nil }
    let lost = now &+ options.health.timeout &+ Self.reportGrace
    if checks {
      member.machine.probeStarted(at: now)
      member.probeLost = lost
    }
    if lists { member.listingLost = lost }
    return ProbeOrder(
      backend: member.backend,
      slot: member.slot,
      incarnation: member.incarnation,
      checksHealth: checks,
      listsModels: lists,
      timeout: options.health.timeout
    )
  }

  /// What a report may take beyond its probe's deadline before the probe counts as lost: five
  /// seconds, far more than a busy machine delays a message between two threads.
  private static let reportGrace: UInt64 = 5_000_000_000

  /// When something is due next; nil when nothing is.
  func nextDue() -> UInt64? {
    var due = remembered.values.map(\.until).min() ?? .max
    if sendOrders != nil {
      for (time, _) in dues { due = min(due, time) }
    } else {
      // Nobody is there to probe: only doubts end.
      for member in members.values { due = min(due, member.machine.deadline ?? .max) }
    }
    if let tableDue { due = min(due, tableDue) }
    if !table.isListed {
      due = min(due, startedAt &+ RoutingLimits.firstListing.nanoseconds)
    }
    return due == .max ? nil : due
  }

  func dispatchOrders() {
    guard let sendOrders else { return }
    let orders = takeOrders()
    if !orders.isEmpty { sendOrders(orders) }
  }
}
