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
  private let loads = AtomicCells(RoutingLimits.slots)
  private let bodies = AtomicCells(BodyLedger.cells)
  private let keyCells = AtomicCells(KeyAccounts.cells)
  private let queueCells = AtomicCells(1)
  private let owners = Mutex(ResponseOwners())
  private let bodiesTotal: Int
  private let body: Int

  /// Nothing is under way yet.
  ///
  /// - Parameter limits: those of the data planes.
  public init(_ limits: ProxyLimits) {
    bodiesTotal = limits.bodiesTotal
    body = limits.body
  }

  /// Requests in flight by slot.
  ///
  /// Valid as long as this object is, as are the other views.
  var inFlight: InFlightCounts { InFlightCounts(loads) }
  /// Memory for bodies.
  var ledger: BodyLedger { BodyLedger(limit: bodiesTotal, body: body, cells: bodies) }
  /// What keys are doing.
  var keys: KeyAccounts { KeyAccounts(keyCells) }

  // MARK: Those who wait for a place

  /// How many wait, on all workers.
  var queued: Int { queueCells[0] }

  /// One more waits, unless `limit` do.
  func enterQueue(limit: Int) -> Bool { queueCells.base.add(1, bound: limit) }

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
