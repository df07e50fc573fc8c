/// A balancing policy of the program that uses the library.
///
/// It is asked on the reactors' threads, for each attempt, by several at a time where there are
/// several: all other requests of a reactor wait for what it does there. It must not block; a lock
/// that another thread may hold for long is blocking. Asking it costs an allocation; the built-in
/// policies cost none.
public final class CustomPolicy: Sendable, Equatable {
  /// Chooses one of the candidates.
  ///
  /// It gets what is known of the request, and the candidates that may be given it: those of the
  /// best tier that have room. It returns a position among them; nil leaves the choice to
  /// `least_in_flight`, and so does a position that isn't there.
  public typealias Choose = @Sendable (RequestFacts, PolicyCandidates) -> Int?

  /// Its name in logs.
  public let name: String
  let choose: Choose

  /// Names a policy.
  public init(_ name: String, choose: @escaping Choose) {
    self.name = name
    self.choose = choose
  }

  /// True for one and the same policy.
  public static func == (a: CustomPolicy, b: CustomPolicy) -> Bool { a === b }
}

/// The candidates that a custom policy chooses from, in the order of their ids.
public struct PolicyCandidates: RandomAccessCollection, Sendable {
  private let table: RouteTable
  private let entry: Int
  private let eligible: [(index: Int32, inFlight: Int32)]

  init(
    _ eligible: UnsafeBufferPointer<Int32>,
    of table: RouteTable,
    entry: Int,
    inFlight: InFlightCounts
  ) {
    self.table = table
    self.entry = entry
    self.eligible = eligible.map { ($0, inFlight[Int(table.facts[Int($0)].slot)]) }
  }

  /// The model's name, as its first backend spells it.
  public var model: String { String(decoding: table.modelName(entry), as: UTF8.self) }
  /// 0.
  public var startIndex: Int { 0 }
  /// How many there are, 1 or more.
  public var endIndex: Int { eligible.count }

  /// A candidate.
  public subscript(position: Int) -> PolicyCandidate {
    let (index, inFlight) = eligible[position]
    return PolicyCandidate(backend: table.backends[Int(index)], inFlight: Int(inFlight))
  }
}

/// One candidate, as a custom policy sees it.
public struct PolicyCandidate: Sendable {
  private let backend: RouteBackend
  /// Requests that it works on for this router, 0 or more.
  public let inFlight: Int

  init(backend: RouteBackend, inFlight: Int) {
    self.backend = backend
    self.inFlight = inFlight
  }

  /// The backend's id.
  public var id: String { backend.record.id }
  /// Its engine, as far as it is known.
  public var kind: Backend.Kind { backend.record.kind }
  /// Its share, 1 or more.
  public var weight: Int { backend.record.weight }
  /// Its tier.
  public var priority: Int { backend.record.priority }
  /// Requests at a time; 0 means no bound.
  public var maxInFlight: Int { backend.record.maxInFlight }
  /// Its state when the table was made.
  public var state: BackendState { backend.state }
}
