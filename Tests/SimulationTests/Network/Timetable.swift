/// What happens in the simulated world and when, earliest first; at one time in the order of
/// planning.
struct Timetable {
  private struct Entry {
    let time: UInt64
    let order: UInt64
    let action: () -> Void

    func isBefore(_ other: Entry) -> Bool {
      time < other.time || time == other.time && order < other.order
    }
  }

  private var heap: [Entry] = []
  private var order: UInt64 = 0

  /// When the earliest is due; `.max` when nothing is planned.
  var next: UInt64 { heap.isEmpty ? .max : heap[0].time }

  mutating func plan(at time: UInt64, _ action: @escaping () -> Void) {
    order += 1
    heap.append(Entry(time: time, order: order, action: action))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest action that is due.
  mutating func take(dueAt now: UInt64) -> (() -> Void)? {
    guard !heap.isEmpty, heap[0].time <= now else { return nil }
    let action = heap[0].action
    let last = heap.removeLast()
    guard !heap.isEmpty else { return action }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return action }
      if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
      guard heap[child].isBefore(heap[parent]) else { return action }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
