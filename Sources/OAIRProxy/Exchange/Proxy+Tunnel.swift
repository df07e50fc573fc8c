import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// WebSockets: a GET that asks to switch protocols is routed by the model in its query. Once its
// backend has switched (101), bytes pass both ways as they are. What comes from the backend takes
// the way of a body without a length; this file has the other way, and the end.
//
//   client ── readTunnel ──▶ exchange.upload ── flushTunnel ──▶ backend
//          ◀── splice ── ResponseBody(untilClose) ◀── readUpstream ──

extension Proxy {
  // MARK: 3 dispatch

  /// Checks the request, finds its model and routes it.
  mutating func beginTunnel(_ downstream: Handle, _ head: RequestHead) {
    guard head.method == .get, head.upgrade == .webSocket else {
      refuse(downstream, GatewayError(.upgradeRequired, targetText(downstream)))
      return
    }
    guard head.framing == .none else {
      refuse(downstream, GatewayError(.badRequest, "a WebSocket's handshake has a body"))
      return
    }
    // The connection ends with the tunnel; without one, where the next request begins isn't known.
    downstreams[downstream].exchange.keepsAlive = false
    let query = downstreams[downstream].exchange.head[head.query.range]
    switch QueryModel.find(in: UnsafeRawBufferPointer(rebasing: query), into: scratch.head) {
    case .none: break
    case .model(let count, let isRepeated):
      let name = Array(scratch.head[..<count])
      downstreams[downstream].exchange.nameQueryModel(name, isRepeated: isRepeated)
    case .tooLong:
      refuse(downstream, GatewayError(.modelTooLong, "0"))
      return
    case .differing(let offset):
      refuse(downstream, GatewayError(.duplicateModel, "\(offset)"))
      return
    case .misspelled(let offset):
      refuse(downstream, .misspelledModel(offset))
      return
    }
    downstreams[downstream].exchange.isTunnel = true
    counters.tunnels += 1
    step(downstream, .bodyEnded)
  }

  // MARK: 9 respond

  /// The backend has switched protocols.
  mutating func openTunnel(_ upstream: Handle, _ downstream: Handle) {
    upstreams[upstream].body = ResponseBody(
      framing: .untilClose,
      family: .opaque,
      isWatched: false,
      unframes: false,
      limits: limits.http
    )
    // No HTTP can follow on this connection, however the tunnel ends.
    upstreams[upstream].keepsAlive = false
    upstreams[upstream].isTunnelOpen = true
    downstreams[downstream].exchange.isTunnelOpen = true
    // What came behind the handshake belongs to the other protocol.
    let early = downstreams[downstream].input.bytes
    downstreams[downstream].exchange.upload.append(early)
    downstreams[downstream].exchange.streamedBytes += early.count
    downstreams[downstream].input.removeAll()
  }

  /// COMMIT was made: the client's bytes may go.
  mutating func startTunnel(_ upstream: Handle, _ downstream: Handle) {
    flushTunnel(upstream, downstream)
    guard downstreams.contains(downstream), downstreams[downstream].phase == .exchanging else {
      return
    }
    // What the kernel holds already raises no new edge.
    reactor.makeRunnable(downstreams[downstream].registration)
  }

  // MARK: 10 splice

  /// Reads what the client has sent.
  ///
  /// - Returns: true when there may be more to read.
  mutating func readTunnel(_ downstream: Handle) -> Bool {
    let registration = downstreams[downstream].registration
    let upstream = downstreams[downstream].exchange.upstream
    guard upstreams.contains(upstream), reactor.readiness(registration).contains(.readable) else {
      return false
    }
    let room = ProxyLimits.uploadWindow - downstreams[downstream].exchange.upload.count
    guard room > 0 else {
      downstreams[downstream].exchange.isUploadPaused = true
      return false
    }
    let space = UnsafeMutableRawBufferPointer(
      rebasing: scratch.read[..<min(room, ProxyLimits.readSize)]
    )
    switch reactor.receive(registration, into: space) {
    case .bytes(let count):
      downstreams[downstream].exchange.streamedBytes += count
      passUp(upstream, downstream, UnsafeRawBufferPointer(rebasing: space[..<count]))
      return downstreams.contains(downstream)
    case .wouldBlock: return false
    case .endOfFile, .failed:
      clientGone(downstream)
      return false
    }
  }

  /// Passes bytes on; what the kernel takes now is never copied.
  private mutating func passUp(
    _ upstream: Handle,
    _ downstream: Handle,
    _ bytes: UnsafeRawBufferPointer
  ) {
    var sent = 0
    let registration = upstreams[upstream].registration
    if downstreams[downstream].exchange.upload.isEmpty {
      switch reactor.send(registration, bytes) {
      case .bytes(let count):
        sent = count
        reactor.setDeadline(registration, at: tunnelDeadline(downstream))
      case .wouldBlock: break
      // What it has sent before it closed is read first.
      case .endOfFile, .failed: reactor.makeRunnable(registration)
      }
    }
    guard sent < bytes.count else { return }
    downstreams[downstream].exchange.upload.append(
      UnsafeRawBufferPointer(rebasing: bytes[sent...])
    )
  }

  private func tunnelDeadline(_ downstream: Handle) -> UInt64 {
    reactor.now &+ settings(of: downstream).deadlines.tunnelIdle
  }

  /// Passes on what waits.
  mutating func flushTunnel(_ upstream: Handle, _ downstream: Handle) {
    let registration = upstreams[upstream].registration
    guard !downstreams[downstream].exchange.upload.isEmpty else { return }
    let result = reactor.send(registration, downstreams[downstream].exchange.upload.bytes)
    switch result {
    case .bytes(let count):
      downstreams[downstream].exchange.upload.consume(count)
      reactor.setDeadline(registration, at: tunnelDeadline(downstream))
    case .wouldBlock: return
    case .endOfFile, .failed:
      // What it has sent before it closed is read first.
      reactor.makeRunnable(registration)
      return
    }
    guard downstreams[downstream].exchange.isUploadPaused,
      downstreams[downstream].exchange.upload.count <= ProxyLimits.uploadWindow / 2
    else { return }
    downstreams[downstream].exchange.isUploadPaused = false
    reactor.makeRunnable(downstreams[downstream].registration)
  }

  // MARK: 11 finish

  /// Nothing has passed for as long as a tunnel may be idle: both sides get their end.
  mutating func endIdleTunnel(_ upstream: Handle, _ downstream: Handle) {
    counters.tunnelIdleLimit += 1
    upstreamClosed(upstream, downstream, isReset: false)
  }
}
