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
  ///
  /// What it's about, a file or a name, is in trouble until another reason or `recovered` is told
  /// of the same; nil: it has happened, and nothing has to end.
  case troubled(String, about: String? = nil)
  /// What a trouble was about is as it should be, or isn't looked for any more.
  case recovered(about: String)
}
