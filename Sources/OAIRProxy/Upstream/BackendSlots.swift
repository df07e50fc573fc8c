import OAIRReactor
import OAIRRouting
import OAIRSys
import Synchronization

/// What the reactor itself knows of each backend, by slot, and what all workers together have in
/// flight there; it outlives route tables.
struct BackendSlots: ~Copyable {
  /// One backend's account.
  struct Account {
    /// Which occupant of the slot this is about.
    var incarnation: UInt64 = 0
    /// The signal by which the reactor marked the backend as refusing; 0 when it isn't.
    ///
    /// The table has caught up once it acknowledges that signal.
    var refusedBy: UInt64 = 0
    /// A failure was reported and no success since: the next success is news.
    var owesSuccess = false
    /// When the registry was last told that bytes came; 0 for never.
    var bytesReportedAt: UInt64 = 0
    /// What it has said that it doesn't serve, until `unservedUntil`.
    var unserved: PathFamilies = []
    var unservedUntil: UInt64 = 0
    /// The youngest idle connection; the others hang on it.
    var youngestIdle = Handle.none
    var idleCount = 0
  }

  /// Of all workers; `Commons` keeps them.
  let inFlight: InFlightCounts
  /// How long answers take, in nanoseconds, of all workers: the mean, the newest counting an
  /// eighth.
  ///
  /// 0 until there was one; only kept where requests may have to wait. Two that end at the same
  /// time may count as one.
  // SAFETY: atomics that `Commons` keeps, as many as counters.
  private let serviceTimes: UnsafeMutablePointer<Atomic<Int>>
  // SAFETY: `capacity` initialised accounts, owned here.
  private var accounts: UnsafeMutablePointer<Account>
  private(set) var capacity: Int

  init(_ inFlight: InFlightCounts, serviceTimes: UnsafeMutablePointer<Atomic<Int>>) {
    self.inFlight = inFlight
    self.serviceTimes = serviceTimes
    capacity = 16
    accounts = .allocate(capacity: capacity)
    accounts.initialize(repeating: Account(), count: capacity)
  }

  deinit { accounts.deallocate() }

  subscript(slot: Int) -> Account {
    _read {
      precondition(slot >= 0 && slot < capacity, "no such backend slot")
      yield accounts[slot]
    }
    _modify {
      precondition(slot >= 0 && slot < capacity, "no such backend slot")
      yield &accounts[slot]
    }
  }

  /// The accounts of all slots, for one look at many of them.
  var allAccounts: UnsafePointer<Account> { UnsafePointer(accounts) }

  /// An answer has come to its end.
  func noteService(_ slot: Int, nanoseconds: UInt64) {
    let former = serviceTime(slot)
    setServiceTime(slot, former == 0 ? nanoseconds : former - former / 8 + nanoseconds / 8)
  }

  /// How long answers take.
  func serviceTime(_ slot: Int) -> UInt64 {
    precondition(slot >= 0 && slot < capacity, "no such backend slot")
    return UInt64(serviceTimes[slot].load(ordering: .relaxed))
  }

  func setServiceTime(_ slot: Int, _ nanoseconds: UInt64) {
    precondition(slot >= 0 && slot < capacity, "no such backend slot")
    serviceTimes[slot].store(Int(clamping: nanoseconds), ordering: .relaxed)
  }

  /// Makes room for a table's slots.
  mutating func grow(to count: Int) {
    precondition(count <= inFlight.count, "more slots than there are counters")
    guard count > capacity else { return }
    let larger = max(count, capacity * 2)
    let records = UnsafeMutablePointer<Account>.allocate(capacity: larger)
    records.initialize(repeating: Account(), count: larger)
    records.update(from: accounts, count: capacity)
    accounts.deallocate()
    accounts = records
    capacity = larger
  }

  /// What is known of a slot's occupant, without its connections.
  func report(_ slot: Int) -> ProxyReport.Slot {
    let account = self[slot]
    return ProxyReport.Slot(
      incarnation: account.incarnation,
      inFlight: Int(inFlight[slot]),
      idleConnections: account.idleCount,
      refusedBy: account.refusedBy,
      unserved: account.unserved,
      unservedUntil: account.unservedUntil
    )
  }

  /// Takes over what another one knew of its slots; it has no connections itself.
  mutating func adopt(_ report: [ProxyReport.Slot]) {
    grow(to: report.count)
    for (slot, known) in report.enumerated() {
      inFlight.set(slot, to: known.inFlight)
      accounts[slot].incarnation = known.incarnation
      accounts[slot].refusedBy = known.refusedBy
      accounts[slot].unserved = known.unserved
      accounts[slot].unservedUntil = known.unservedUntil
    }
  }

}
