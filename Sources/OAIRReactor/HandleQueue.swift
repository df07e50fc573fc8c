/// Handles, first in, first out.
///
/// An array and where it begins: it keeps its memory, and each handle is moved once at most.
@usableFromInline
struct HandleQueue {
  @usableFromInline private(set) var handles: [Handle] = []
  @usableFromInline private(set) var head = 0

  init() {}

  /// How many wait.
  var count: Int { handles.count &- head }
  /// None waits.
  @inlinable
  var isEmpty: Bool { head == handles.count }

  /// Puts one behind the others.
  mutating func append(_ handle: Handle) { handles.append(handle) }

  /// Takes the one that has waited longest.
  mutating func popFirst() -> Handle? {
    guard head < handles.count else { return nil }
    let first = handles[head]
    head &+= 1
    // Moved only once half of it is behind us, so that a queue that is never empty doesn't grow.
    if head == handles.count || head >= 64 && head * 2 >= handles.count {
      handles.removeFirst(head)
      head = 0
    }
    return first
  }
}
