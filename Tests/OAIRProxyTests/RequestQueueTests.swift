import OAIRReactor
import Testing

@testable import OAIRProxy

struct RequestQueueTests {
  private func handle(_ number: Int) -> Handle { Handle(slot: UInt32(number), generation: 1) }

  /// Who waits in a lane, first to last.
  private func line(_ queue: RequestQueue, _ lane: Int) -> [UInt32] {
    var found: [UInt32] = []
    var next = queue.first(of: lane)
    while let ticket = next {
      found.append(queue.exchange(ticket).slot)
      next = queue.next(after: ticket)
    }
    return found
  }

  @Test func `who comes first stands first, wherever somebody leaves`() throws {
    var queue = RequestQueue(limit: 10)
    var tickets: [RequestQueue.Ticket] = []
    for number in 0..<5 {
      let ticket = queue.append(handle(number), to: 7, since: UInt64(number))
      tickets.append(try #require(ticket))
    }
    #expect(line(queue, 7) == [0, 1, 2, 3, 4] && queue.count(in: 7) == 5)
    #expect(queue.since(tickets[3]) == 3)
    queue.remove(tickets[2])
    queue.remove(tickets[0])
    queue.remove(tickets[4])
    #expect(line(queue, 7) == [1, 3] && queue.count == 2)
    // A place that was given back is taken again, at the end.
    _ = queue.append(handle(9), to: 7, since: 9)
    #expect(line(queue, 7) == [1, 3, 9])
  }

  @Test func `models take turns`() {
    var queue = RequestQueue(limit: 10)
    for (number, lane) in [1, 1, 2, 1, 3].enumerated() {
      _ = queue.append(handle(number), to: lane, since: 0)
    }
    #expect(queue.lanesByTurn == [1, 2, 3])
    queue.endTurn(of: 1)
    #expect(queue.lanesByTurn == [2, 3, 1])
    if let ticket = queue.first(of: 3) { queue.remove(ticket) }
    #expect(queue.lanesByTurn == [2, 1] && queue.first(of: 3) == nil)
    queue.endTurn(of: 3)
    #expect(queue.lanesByTurn == [2, 1])
  }

  @Test func `no more wait than may`() throws {
    var queue = RequestQueue(limit: 2)
    let appended = queue.append(handle(0), to: 1, since: 0)
    let first = try #require(appended)
    _ = queue.append(handle(1), to: 2, since: 0)
    let third = queue.append(handle(2), to: 3, since: 0)
    #expect(third == nil)
    #expect(queue.count == 2 && queue.lanesByTurn == [1, 2])
    queue.remove(first)
    let fourth = queue.append(handle(2), to: 3, since: 0)
    #expect(fourth != nil)
    var none = RequestQueue(limit: 0)
    let refused = none.append(handle(0), to: 1, since: 0)
    #expect(refused == nil && none.isEmpty)
  }

  @Test func `other numbers for the models keep the order of coming`() {
    var queue = RequestQueue(limit: 10)
    for (number, lane) in [1, 2, 1, 2, 3].enumerated() {
      _ = queue.append(handle(number), to: lane, since: 0)
    }
    if let ticket = queue.first(of: 3) { queue.remove(ticket) }
    for ticket in queue.detachAll() { queue.attach(ticket, to: 5) }
    #expect(line(queue, 5) == [0, 1, 2, 3])
    #expect(queue.count == 4 && queue.lanesByTurn == [5])
  }

  @Test(arguments: UInt64(0)..<30)
  func `it is as many simple lines`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var queue = RequestQueue(limit: 20)
    var lines: [Int: [(UInt32, RequestQueue.Ticket)]] = [:]
    for number in 0..<500 {
      let lane = Int.random(in: 0..<4, using: &random)
      if Bool.random(using: &random) {
        let total = lines.values.reduce(0) { $0 + $1.count }
        let ticket = queue.append(handle(number), to: lane, since: 0)
        #expect((ticket == nil) == (total == 20))
        if let ticket { lines[lane, default: []].append((UInt32(number), ticket)) }
      } else if let count = lines[lane]?.count, count > 0 {
        let place = Int.random(in: 0..<count, using: &random)
        if let (_, ticket) = lines[lane]?.remove(at: place) { queue.remove(ticket) }
      }
      for lane in 0..<4 { #expect(line(queue, lane) == (lines[lane] ?? []).map(\.0)) }
      #expect(Set(queue.lanesByTurn) == Set(lines.filter { !$0.value.isEmpty }.keys))
    }
  }
}
