import Dispatch
import Glibc
public import OAIRSys
import Synchronization

/// Turns names into addresses by the system's own rules (hosts file, name service), which block,
/// sometimes for minutes: each name that is looked up has a thread of its own, never the data
/// plane's and never a cooperative one, and nobody waits for it beyond a deadline.
///
/// A thread can't be stopped in there: one that was given up goes on, and whoever asks for the same
/// name meanwhile waits for that one instead of starting another.
public final class NameResolver: Sendable {
  private typealias Waiter = CheckedContinuation<[SocketAddress], Never>

  private struct State {
    var lastID: UInt64 = 0
    /// Who waits, by the names that are being looked up; empty for one that was given up.
    var lookups: [String: [UInt64: Waiter]] = [:]
  }

  private enum Place {
    case first, further, none
  }

  private let timeout: Duration
  private let lookUp: @Sendable (String) -> [SocketAddress]
  private let state = Mutex(State())

  /// Makes a resolver.
  ///
  /// - Parameter timeout: the longest wait for an answer.
  public convenience init(timeout: Duration = DiscoveryLimits.resolveTimeout) {
    self.init(timeout: timeout) { Self.askSystem($0) }
  }

  init(timeout: Duration, lookUp: @escaping @Sendable (String) -> [SocketAddress]) {
    self.timeout = timeout
    self.lookUp = lookUp
  }

  /// Looks a name up, IPv4 and IPv6.
  ///
  /// - Parameters:
  ///   - host: a name.
  ///   - port: goes into the addresses.
  /// - Returns: addresses in the order of preference (RFC 6724); none when there is no such name,
  ///   nobody to ask, no answer in time, or too many names are being looked up already.
  public func resolve(host: String, port: UInt16) async -> [SocketAddress] {
    let addresses = await withCheckedContinuation { waiter in
      let (place, id) = join(host, waiter)
      switch place {
      case .none:
        waiter.resume(returning: [])
        return
      case .first:
        OwnThread.start("oair-resolve") { self.finish(host, self.lookUp(host)) }
      case .further:
        break
      }
      let nanoseconds = Int(min(max(timeout, .zero) / .nanoseconds(1), 1e18))
      DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
        self.giveUp(host, id)
      }
    }
    return addresses.map { $0.with(port: port) }
  }

  private func join(_ host: String, _ waiter: Waiter) -> (Place, UInt64) {
    state.withLock { state in
      let isFirst = state.lookups[host] == nil
      guard !isFirst || state.lookups.count < DiscoveryLimits.lookups else { return (.none, 0) }
      state.lastID += 1
      state.lookups[host, default: [:]][state.lastID] = waiter
      return (isFirst ? .first : .further, state.lastID)
    }
  }

  private func finish(_ host: String, _ addresses: [SocketAddress]) {
    let waiters = state.withLock { $0.lookups.removeValue(forKey: host) } ?? [:]
    for waiter in waiters.values { waiter.resume(returning: addresses) }
  }

  private func giveUp(_ host: String, _ id: UInt64) {
    let waiter = state.withLock { $0.lookups[host]?.removeValue(forKey: id) }
    waiter?.resume(returning: [])
  }

  // MARK: - The system

  private static func askSystem(_ host: String) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
    defer { freeaddrinfo(first) }
    var addresses: [SocketAddress] = []
    var next = first
    while let entry = next?.pointee {
      if let address = address(of: entry), !addresses.contains(address) {
        addresses.append(address)
      }
      next = entry.ai_next
    }
    return addresses
  }

  private static func address(of entry: addrinfo) -> SocketAddress? {
    // SAFETY: getaddrinfo(3) gives an ai_addr of ai_addrlen bytes that fits ai_family.
    let bytes = UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen))
    switch entry.ai_family {
    case AF_INET:
      let value = bytes.loadUnaligned(as: sockaddr_in.self)
      return .ipv4(UInt32(bigEndian: value.sin_addr.s_addr), port: 0)
    case AF_INET6:
      var value = bytes.loadUnaligned(as: sockaddr_in6.self)
      return withUnsafeBytes(of: &value.sin6_addr) {
        .ipv6(
          UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
          UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
          scope: value.sin6_scope_id,
          port: 0
        )
      }
    default:
      return nil
    }
  }
}

extension SocketAddress {
  fileprivate func with(port: UInt16) -> SocketAddress {
    switch self {
    case .ipv4(let address, _): .ipv4(address, port: port)
    case .ipv6(let high, let low, let scope, _): .ipv6(high, low, scope: scope, port: port)
    case .unix: self
    }
  }
}
