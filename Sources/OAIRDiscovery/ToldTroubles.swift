/// What is in trouble, as it was told: each reason is told once, and its end too.
struct ToldTroubles {
  /// By what they are about.
  ///
  /// LIMIT: by what the discoverer itself keeps.
  private var reasons: [String: String] = [:]

  /// Takes note of a change.
  ///
  /// - Returns: false for a trouble that was told in the same words, and for the end of none.
  mutating func isNews(_ change: DiscoveryChange) -> Bool {
    switch change {
    case .troubled(let reason, let subject?):
      reasons.updateValue(reason, forKey: subject) != reason
    case .recovered(let subject):
      reasons.removeValue(forKey: subject) != nil
    default: true
    }
  }
}
