import OAIRHTTP1
import OAIRReactor
import OAIRSys

/// One request and its response on a connection of its own.
///
/// Confined to the loop's thread.
private final class ControlExchange {
  let id: UInt64
  let request: ControlRequest
  let sink: ControlSink
  var handle = Handle.none
  let isStream: Bool
  var isConnected = false
  var hasToldHead = false
  var output = ByteQueue()
  var reader: ResponseReader

  init(id: UInt64, _ request: ControlRequest, _ sink: ControlSink) {
    self.id = id
    self.request = request
    self.sink = sink
    if case .pieces = sink { isStream = true } else { isStream = false }
    // A stream's bytes are handed on read by read: its bound is the number of pieces.
    reader = ResponseReader(bodyLimit: isStream ? .max : request.bodyLimit)
  }
}

/// The control client's event loop: all requests of the control plane, non-blocking, on one thread,
/// each with a deadline.
///
/// Owns the control plane's reactor, its sockets and its exchanges; it shares nothing with the data
/// plane.
///
///     inbox ── start ──► waiting ──► connecting ──► sending ──► reading ──► sink
///                                        └────────────┴───────────┴── failure, deadline, cancel
struct ControlLoop: ~Copyable {
  /// The owner of the inbox's registration; requests count from 1.
  private static let inboxOwner: UInt64 = 0

  private let inbox: ControlInbox
  private var reactor: Reactor<LinuxKernel>
  private var exchanges: [UInt64: ControlExchange] = [:]
  private var guests: [UInt64: any LoopGuest] = [:]
  private var waiting: [(id: UInt64, request: ControlRequest, sink: ControlSink)] = []
  private var table = HeadTable(capacity: HTTP1Limits().fields)
  private var isStopping = false
  private let capacity: Int
  // SAFETY: allocated in init, freed in deinit, used on the loop's thread only.
  private let scratch: UnsafeMutableRawBufferPointer

  /// Opens the reactor.
  ///
  /// Called on the thread that will run it.
  ///
  /// - Throws: `SystemError` when there is no descriptor left.
  init(inbox: ControlInbox, capacity: Int) throws(SystemError) {
    self.inbox = inbox
    self.capacity = capacity
    // One more for the inbox; slots are only taken when connections are made.
    let descriptors = capacity + DiscoveryLimits.guestDescriptors + 1
    var reactor = Reactor(kernel: try LinuxKernel(), capacity: descriptors)
    _ = try reactor.registerBorrowed(inbox.descriptor, owner: Self.inboxOwner)
    self.reactor = reactor
    scratch = .allocate(byteCount: DiscoveryLimits.readBuffer, alignment: 16)
  }

  deinit { scratch.deallocate() }

  /// Runs until it is told to stop, then fails what is left.
  mutating func run() {
    while !isStopping {
      reactor.wait()
      while let event = reactor.nextEvent() {
        switch event {
        case .ready(_, Self.inboxOwner, _): takeCommands()
        case .ready(let handle, let id, let readiness):
          if let guest = guests[id] {
            guest.ready(handle, readiness, &reactor)
          } else {
            advance(id, readiness)
          }
        case .deadline(_, let id): finish(id, .failure(.timedOut))
        case .timer(let id): guests[id]?.timerFired(&reactor)
        }
      }
      reactor.endTick()
      startWaiting()
    }
    for case .start(_, _, let sink) in inbox.close() { sink.fail(.stopped) }
    for guest in guests.values { guest.leave(&reactor) }
    for exchange in exchanges.values { exchange.sink.fail(.stopped) }
    for (_, _, sink) in waiting { sink.fail(.stopped) }
  }

  // MARK: - Commands

  private mutating func takeCommands() {
    for command in inbox.take() {
      switch command {
      case .start(let id, let request, let sink):
        guard waiting.count < DiscoveryLimits.waitingRequests else {
          sink.fail(.exhausted)
          continue
        }
        waiting.append((id, request, sink))
      case .admit(let id, let make):
        let guest = make()
        guests[id] = guest
        guest.enter(&reactor, owner: id)
      case .wake(let id):
        guests[id]?.woken(&reactor)
      case .cancel(let id):
        if let guest = guests.removeValue(forKey: id) {
          guest.leave(&reactor)
        } else if let index = waiting.firstIndex(where: { $0.id == id }) {
          waiting.remove(at: index).sink.fail(.cancelled)
        } else {
          finish(id, .failure(.cancelled))
        }
      case .stop:
        isStopping = true
      }
    }
  }

  private mutating func startWaiting() {
    let count = min(waiting.count, capacity - exchanges.count)
    guard count > 0, !isStopping else { return }
    let starting = Array(waiting.prefix(count))
    waiting.removeFirst(count)
    for (id, request, sink) in starting { start(ControlExchange(id: id, request, sink)) }
  }

  private mutating func start(_ exchange: ControlExchange) {
    guard let head = exchange.request.headBytes else {
      exchange.sink.fail(.invalidRequest)
      return
    }
    exchange.output.append(head)
    exchange.output.append(exchange.request.body)
    do {
      exchange.handle = try reactor.connect(to: exchange.request.address, owner: exchange.id)
    } catch {
      exchange.sink.fail(ControlFailure(error.errno))
      return
    }
    exchanges[exchange.id] = exchange
    let timeout = max(exchange.request.timeout, .zero) / .nanoseconds(1)
    reactor.setDeadline(exchange.handle, at: reactor.now &+ UInt64(min(timeout, 1e18)))
  }

  // MARK: - Connections

  private mutating func advance(_ id: UInt64, _ readiness: Readiness) {
    guard let exchange = exchanges[id] else { return }
    if !exchange.isConnected {
      guard !readiness.isDisjoint(with: [.writable, .failed]) else { return }
      if let error = reactor.connectError(exchange.handle) {
        finish(id, .failure(ControlFailure(error)))
        return
      }
      exchange.isConnected = true
    }
    guard send(exchange) else { return }
    if !readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) { receive(exchange) }
  }

  /// Returns false when the exchange is over.
  private mutating func send(_ exchange: ControlExchange) -> Bool {
    while !exchange.output.isEmpty {
      switch reactor.send(exchange.handle, exchange.output.bytes) {
      case .bytes(let count):
        exchange.output.consume(count)
      case .wouldBlock:
        return true
      case .endOfFile, .failed:
        // A peer that answers before it has read all, then closes, is still heard.
        exchange.output.removeAll()
      }
    }
    return true
  }

  private mutating func receive(_ exchange: ControlExchange) {
    for _ in 0..<DiscoveryLimits.readsPerTurn {
      switch reactor.receive(exchange.handle, into: scratch) {
      case .bytes(let count):
        let bytes = UnsafeRawBufferPointer(rebasing: scratch[..<count])
        let progress = exchange.reader.receive(bytes, table: &table)
        guard deliver(exchange, progress) else { return }
        if !reactor.readiness(exchange.handle).contains(.readable) { return }
      case .wouldBlock:
        return
      case .endOfFile:
        _ = deliver(exchange, exchange.reader.receiveEnd())
        return
      case .failed(let error):
        finish(exchange.id, .failure(ControlFailure(error)))
        return
      }
    }
    reactor.makeRunnable(exchange.handle)
  }

  /// Returns false when the exchange is over.
  private mutating func deliver(
    _ exchange: ControlExchange,
    _ progress: ResponseReader.Progress
  ) -> Bool {
    if exchange.isStream, let status = exchange.reader.status {
      guard status == 200 else {
        finish(exchange.id, .failure(.status(status)))
        return false
      }
      if !exchange.hasToldHead { tellHead(exchange) }
      guard yield(exchange) else {
        finish(exchange.id, .failure(.tooLarge))
        return false
      }
    }
    switch progress {
    case .more:
      return true
    case .complete:
      let response = ControlResponse(
        status: exchange.reader.status ?? 0,
        server: exchange.reader.server,
        apiVersion: exchange.reader.apiVersion,
        body: exchange.reader.takeBody()
      )
      finish(exchange.id, .success(response))
      return false
    case .failed(let failure):
      finish(exchange.id, .failure(failure))
      return false
    }
  }

  /// From its head on a stream has no deadline, and its reader knows that it is listening.
  private mutating func tellHead(_ exchange: ControlExchange) {
    exchange.hasToldHead = true
    reactor.setDeadline(exchange.handle, at: .max)
    if case .pieces(let continuation) = exchange.sink { continuation.yield([]) }
  }

  /// Returns false when the reader is too far behind.
  private func yield(_ exchange: ControlExchange) -> Bool {
    guard case .pieces(let continuation) = exchange.sink else { return true }
    let piece = exchange.reader.takeBody()
    guard !piece.isEmpty, case .dropped = continuation.yield(piece) else { return true }
    return false
  }

  private mutating func finish(_ id: UInt64, _ result: Result<ControlResponse, ControlFailure>) {
    guard let exchange = exchanges.removeValue(forKey: id) else { return }
    reactor.beginClose(exchange.handle)
    switch (exchange.sink, result) {
    case (.whole(let continuation), _): continuation.resume(returning: result)
    case (.pieces(let continuation), .success): continuation.finish()
    case (.pieces(let continuation), .failure(let failure)): continuation.finish(throwing: failure)
    }
  }
}
