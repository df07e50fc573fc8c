/// Where evidence puts a candidate: one number, the lower the better.
///
/// Usable ones before suspect ones, whatever their tiers (a suspect is for when nothing better is
/// there); within that the priority tiers; within a tier those that have the model in memory before
/// those that would have to load it.
public struct CandidateRank {
  /// Not to be used at all.
  public static let unusable = Int64.max
  /// What is at least this is suspect.
  public static let firstSuspect: Int64 = 1 << 33
  private static let suspicion: Int64 = 1 << 34

  /// Ranks a candidate.
  ///
  /// - Parameters:
  ///   - state: the backend's state.
  ///   - priority: its tier; lower ones first.
  ///   - isCold: it says that the model isn't loaded.
  public static func of(_ state: BackendState, priority: Int32, isCold: Bool = false) -> Int64 {
    let place = Int64(priority) * 2 + (isCold ? 1 : 0)
    switch state {
    case .ready, .unknown: return place
    case .suspect: return place + suspicion
    case .loading, .down, .draining: return unusable
    }
  }

  /// The same rank without regard to what is loaded.
  static func ignoringCold(_ rank: Int64) -> Int64 { rank == unusable ? rank : rank & ~1 }
}
