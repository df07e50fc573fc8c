public import OAIRSys

/// What the reactor keeps of one descriptor.
///
/// It is the descriptor's one owner.
struct Registration {
  /// How its bytes are reached.
  let transport: Transport
  /// What its owner wants to see in events; the reactor doesn't look at it.
  let owner: UInt64
  /// What is ready and hasn't been used up: edges come once, so they are remembered here.
  var readiness: Readiness = []
  /// When the owner must hear of it, in nanoseconds of the reactor's clock; `.max` for never.
  var deadline: UInt64 = .max
  /// It is on the runnable list.
  var isRunnable = false
  /// It waits among those with bulk work.
  var isPostponed = false
  /// Somebody else owns the descriptor (a mailbox that other threads still signal): the reactor
  /// stops watching it, but never closes it.
  var isBorrowed = false
  /// It is a listener, which other reactors may watch too.
  var isListener = false
  /// `beginClose` was called: no event is delivered any more, the close follows at the tick's end.
  var isClosing = false
}

/// Something that a reactor's owner has to act on.
public enum ReactorEvent: Equatable, Sendable {
  /// The descriptor's readiness (all that is known now), or its turn on the runnable list.
  case ready(Handle, owner: UInt64, Readiness)
  /// The deadline of the registration has passed; it is cleared.
  case deadline(Handle, owner: UInt64)
  /// An exact timer fired.
  case timer(owner: UInt64)
}
