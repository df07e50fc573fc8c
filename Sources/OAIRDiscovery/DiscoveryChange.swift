public import OAIRRouting

/// What a discoverer found.
public enum DiscoveryChange: Sendable, Equatable {
  /// A backend is there, or is there in another form.
  case appeared(Backend)
  /// A backend that it found is no longer there.
  case disappeared(id: String)
  /// Something happened to a backend: worth a probe, nothing more.
  case stirred(id: String)
  /// Something that could have been a backend isn't used.
  case skipped(DiscoverySkip)
  /// It watches this from now on. In plain words, for a log.
  case watching(String)
  /// Everything that was there at the beginning has been told.
  case listed
  /// It can't find what it should; it tries again. In plain words, for a log.
  case troubled(String)
  /// What it was troubled by is over. `watching` says so as well.
  case recovered
}
