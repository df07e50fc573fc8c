import OAIRReactor
import OAIRRouting
import OAIRSys
import Synchronization

// What the workers of a router have in common: everything that has to hold for the router as a
// whole, however its connections are spread over reactors. All of it is atomic numbers, which cost
// a reactor that is alone as good as nothing; only what few requests need has a lock.
//
// The numbers are reached by views (`InFlightCounts`, `BodyLedger`, `KeyAccounts`) that each
// `Proxy` keeps: an access through this object would count references, in turn with all others.

/// The counters and bounds that several data planes share.
public final class Commons: Sendable {
  /// LIMIT: workers of a router; a set of them is one number.
  public static let mostWorkers = 64

  /// How many there are.
  public let workers: Int
  private let loads = AtomicCells(RoutingLimits.slots)
  private let serviceTimes = AtomicCells(RoutingLimits.slots)
  private let bodies = AtomicCells(BodyLedger.cells)
  private let keyCells = AtomicCells(KeyAccounts.cells)
  private let queueCells = AtomicCells(1)
  private let placeCells: AtomicCells
  private let memoryCells: AtomicCells
  private let connectionCells: AtomicCells
  private let connections: Int
  private let mailboxes: ProxyMailboxes?
  private let hasDrain = Atomic<Bool>(false)
  private let owners = Mutex(ResponseOwners())
  private let bodiesTotal: Int
  private let body: Int

  /// Nothing is under way yet.
  ///
  /// - Parameters:
  ///   - limits: those of the data planes.
  ///   - connections: client connections at one time, of all of them together.
  ///   - mailboxes: where they are reached; nil for one that is alone.
  public init(
    _ limits: ProxyLimits,
    connections: Int = 1,
    mailboxes: ProxyMailboxes? = nil
  ) {
    workers = mailboxes?.all.count ?? 1
    precondition((1...Self.mostWorkers).contains(workers), "a number of workers that can't be")
    self.mailboxes = mailboxes
    // What one that is alone has is bounded by its own memory of connections.
    self.connections = min(max(connections, workers), OwnerTag.maximumSlots / 4)
    placeCells = AtomicCells(WaitBoard.cells(workers: workers))
    memoryCells = AtomicCells(WaitBoard.cells(workers: workers))
    connectionCells = AtomicCells(workers)
    bodiesTotal = limits.bodiesTotal
    body = limits.body
  }

  /// What a worker knows of backends, with requests in flight by slot.
  ///
  /// Valid as long as this object is, as are the other views.
  var slots: BackendSlots {
    BackendSlots(InFlightCounts(loads), serviceTimes: serviceTimes.base)
  }
  /// Memory for bodies.
  var ledger: BodyLedger { BodyLedger(limit: bodiesTotal, body: body, cells: bodies) }
  /// What keys are doing.
  var keys: KeyAccounts { KeyAccounts(keyCells) }

  /// Those who wait for places at backends, by slot.
  var places: WaitBoard { WaitBoard(placeCells, workers: workers) }
  /// Those who wait for memory for bodies, by account.
  var memory: WaitBoard { WaitBoard(memoryCells, workers: workers) }
  /// Client connections.
  var shares: ConnectionShares {
    ConnectionShares(connectionCells, workers: workers, total: connections)
  }

  /// There are others.
  var isShared: Bool { workers > 1 }

  // MARK: From worker to worker

  /// Has some workers look after what they wait for.
  func ring(_ workers: WaitBoard.Mask) {
    var left = workers
    while left != 0 {
      mailboxes?.all[left.trailingZeroBitCount].ring()
      left &= left - 1
    }
  }

  /// Gives a connection to another worker, where a place was taken for it.
  func pass(_ connection: PassedConnection, to worker: Int) {
    mailboxes?.post(ProxyMail(passed: [connection]), to: worker)
  }

  /// One of the workers drains, or will soon.
  var isDraining: Bool {
    get { hasDrain.load(ordering: .sequentiallyConsistent) }
    set { hasDrain.store(newValue, ordering: .sequentiallyConsistent) }
  }

  // MARK: Those who wait for a place

  /// How many wait, on all workers.
  var queued: Int { queueCells[0] }

  /// One more waits, unless `limit` do.
  func enterQueue(limit: Int) -> Bool { queueCells.base.add(1, bound: limit) }

  /// How many wait on all workers.
  var queueLength: Int { queueCells.base.pointee.load(ordering: .relaxed) }

  /// One fewer.
  func leaveQueue() { queueCells.base.take(1) }

  // MARK: Stored responses

  /// Remembers who has made a response.
  func learn(_ id: [UInt8], _ owner: ResponseOwners.Owner) {
    owners.withLock { $0.learn(id, owner) }
  }

  /// Who has made a response; nil when nobody is known to have.
  func owner(of id: UnsafeRawBufferPointer) -> ResponseOwners.Owner? {
    owners.withLock { $0.owner(of: id) }
  }

  /// All that is known of stored responses: for reports.
  var responseOwners: ResponseOwners {
    get { owners.withLock { $0 } }
    set { owners.withLock { $0 = newValue } }
  }
}
