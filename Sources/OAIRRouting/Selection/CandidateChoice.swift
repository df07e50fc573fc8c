/// What selection has found.
public enum CandidateChoice: Equatable, Sendable {
  /// This one, an index into the table's backends.
  ///
  /// `breaksSession`: the request's session belongs to another one, which can't take it now.
  case chosen(Int, breaksSession: Bool)
  /// Some may be used, but each is at its `max_in_flight`.
  case full
  /// None may be used.
  case none
}
