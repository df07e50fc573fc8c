import OAIRRouting

/// The candidates that an exchange can't use although the table has nothing against them: it has
/// tried them, their engine doesn't have the path, or this reactor knows better than the table.
///
/// Made for one choice, on the reactor: it looks into memory that may be elsewhere afterwards.
struct ExcludedCandidates {
  let tried: TriedBackends
  let family: PathFamily
  let facts: UnsafeBufferPointer<CandidateFacts>
  // SAFETY: `slots.allAccounts`, one for every slot that occurs in `facts`; nothing grows them
  // during a choice.
  let accounts: UnsafePointer<BackendSlots.Account>
  let now: UInt64
  /// Whether those are left out that have said they don't have the path.
  var heedsUnserved = true

  /// A refusal counts at once, long before the registry has published it.
  func contains(_ index: Int) -> Bool {
    let fact = facts[index]
    if tried.contains(fact.slot) || !fact.pathFamilies.contains(family) { return true }
    let account = accounts + Int(fact.slot)
    guard account.pointee.incarnation == fact.incarnation else { return false }
    if heedsUnserved, account.pointee.unservedUntil > now,
      account.pointee.unserved.contains(family)
    {
      return true
    }
    return account.pointee.refusedBy > fact.acknowledgedSignal
  }
}
