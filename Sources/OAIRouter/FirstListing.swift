import OAIRRouting
import Synchronization

/// Lets tasks wait for the first table that knows what there is.
final class FirstListing: Sendable {
  private struct State {
    var table: RouteTable?
    var waiting: [CheckedContinuation<RouteTable, Never>] = []
  }

  private let state = Mutex(State())

  func published(_ table: RouteTable) {
    guard table.isListed else { return }
    let waiting = state.withLock { state in
      guard state.table == nil else { return [CheckedContinuation<RouteTable, Never>]() }
      state.table = table
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: table) }
  }

  func wait() async -> RouteTable {
    await withCheckedContinuation { continuation in
      let table = state.withLock { state in
        if state.table == nil { state.waiting.append(continuation) }
        return state.table
      }
      if let table { continuation.resume(returning: table) }
    }
  }
}
