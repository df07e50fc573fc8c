#if DNS
  import CCares
  import Glibc
  import OAIRReactor
  import OAIRSys

  /// A c-ares channel that lives in the control plane's loop: its sockets are watched by the
  /// reactor, its deadlines are the reactor's timers.
  ///
  /// No thread, no blocking call.
  ///
  /// c-ares owns and closes its sockets; the reactor watches duplicates of its own, so that neither
  /// touches a number that means something else by then. Each question has a search of its
  /// own: c-ares' would take "no such name" from one place for an answer although another place had
  /// failed.
  final class DNSChannel: LoopGuest {
    private let inbox: DNSInbox
    private let server: String?
    private var channel: ares_channel?
    private var owner: UInt64 = 0
    /// c-ares' sockets, and what the reactor knows them by.
    private var handles: [ares_socket_t: Handle] = [:]
    private var sockets: [Handle: ares_socket_t] = [:]
    /// What c-ares said of its sockets while it was called, in order.
    private var news: [SocketNews] = []
    private var timerDue = UInt64.max
    private var searches: Set<DNSSearch> = []
    private var isStale = false
    private var domains: [String] = []
    private var dots = 1

    private enum SocketNews {
      case opened(ares_socket_t, duplicate: Int32)
      case closed(ares_socket_t)
    }

    init(_ inbox: DNSInbox, server: String?) {
      self.inbox = inbox
      self.server = server
    }

    // MARK: - The loop's calls

    func enter(_ reactor: inout Reactor<LinuxKernel>, owner: UInt64) { self.owner = owner }

    func woken(_ reactor: inout Reactor<LinuxKernel>) {
      // Servers may have changed since they stopped answering: resolv.conf(5) is read anew.
      if isStale, searches.isEmpty { close(&reactor) }
      if channel == nil { open() }
      for question in inbox.take() { begin(question) }
      settle(&reactor)
    }

    func ready(_ handle: Handle, _ readiness: Readiness, _ reactor: inout Reactor<LinuxKernel>) {
      guard let socket = sockets[handle], let channel else { return }
      // Sockets are watched for edges: whatever is there is taken in this turn.
      for _ in 0..<DiscoveryLimits.readsPerTurn {
        ares_process_fd(channel, socket, socket)
        guard isOpen(socket), Self.isReadable(socket) else { break }
      }
      if isOpen(socket), Self.isReadable(socket) { reactor.makeRunnable(handle) }
      settle(&reactor)
    }

    func timerFired(_ reactor: inout Reactor<LinuxKernel>) {
      timerDue = .max
      guard let channel else { return }
      ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
      settle(&reactor)
    }

    func leave(_ reactor: inout Reactor<LinuxKernel>) {
      let left = inbox.take(isLast: true)
      close(&reactor)
      for question in left {
        question.continuation.resume(returning: .failed("the control plane has stopped"))
      }
    }

    // MARK: - Channel

    private func open() {
      guard DNSLibrary.isReady else { return }
      var options = ares_options()
      options.flags = ARES_FLAG_EDNS
      options.timeout = DiscoveryLimits.dnsTimeoutMilliseconds
      options.tries = DiscoveryLimits.dnsRounds
      options.sock_state_cb = { context, socket, isReadable, isWritable in
        guard let context else { return }
        // SAFETY: the channel's context is its DNSChannel, which outlives it, and c-ares only calls
        // within calls to it.
        let channel = Unmanaged<DNSChannel>.fromOpaque(context).takeUnretainedValue()
        channel.socketChanged(socket, isWanted: isReadable != 0 || isWritable != 0)
      }
      options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
      let mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB
      guard ares_init_options(&channel, &options, mask) == ARES_SUCCESS else {
        channel = nil
        return
      }
      isStale = false
      if let server, ares_set_servers_ports_csv(channel, server) != ARES_SUCCESS {
        ares_destroy(channel)
        channel = nil
        return
      }
      readSearchList()
    }

    private func close(_ reactor: inout Reactor<LinuxKernel>) {
      guard let channel else { return }
      self.channel = nil
      // Ends every question that is under way.
      ares_destroy(channel)
      settle(&reactor)
    }

    private func readSearchList() {
      var options = ares_options()
      var mask: Int32 = 0
      guard let channel, ares_save_options(channel, &options, &mask) == ARES_SUCCESS else {
        return
      }
      defer { ares_destroy_options(&options) }
      dots = Int(options.ndots)
      domains = (0..<Int(options.ndomains)).compactMap { index in
        options.domains[index].map { String(cString: $0) }
      }
    }

    // MARK: - Questions

    private func begin(_ question: DNSQuestion) {
      let names = SearchList.names(for: question.name, domains: domains, dots: dots)
      let search = DNSSearch(question, names: names, channel: self)
      searches.insert(search)
      proceed(search)
    }

    /// Asks for the next name of a search.
    func proceed(_ search: DNSSearch) {
      guard let name = search.next() else { return finish(search) }
      guard let channel else {
        search.fail("there is no name server")
        return finish(search)
      }
      let context = Unmanaged.passRetained(search).toOpaque()
      ares_query(
        channel,
        name,
        1,
        Int32(search.question.type.rawValue),
        { context, status, _, bytes, count in
          guard let context else { return }
          // SAFETY: retained for this one call.
          let search = Unmanaged<DNSSearch>.fromOpaque(context).takeRetainedValue()
          let message = UnsafeBufferPointer(start: bytes, count: Int(count))
          search.answered(status, Array(message))
        },
        context
      )
    }

    private func finish(_ search: DNSSearch) {
      guard searches.remove(search) != nil else { return }
      search.question.continuation.resume(returning: search.outcome)
    }

    /// An answer that never came may be a server's that isn't the system's any more.
    func lostServer() { isStale = true }

    // MARK: - Sockets and time

    private func socketChanged(_ socket: ares_socket_t, isWanted: Bool) {
      guard isWanted else {
        news.append(.closed(socket))
        return
      }
      guard !isOpen(socket) else { return }
      let duplicate = fcntl(socket, F_DUPFD_CLOEXEC, 0)
      // Unwatched, its answer comes too late, as if the server were slow.
      if duplicate >= 0 { news.append(.opened(socket, duplicate: duplicate)) }
    }

    private func isOpen(_ socket: ares_socket_t) -> Bool {
      for item in news.reversed() {
        switch item {
        case .opened(socket, _): return true
        case .closed(socket): return false
        default: continue
        }
      }
      return handles[socket] != nil
    }

    /// After every call to c-ares: watches what it opened, and sets the next timer.
    private func settle(_ reactor: inout Reactor<LinuxKernel>) {
      for item in news {
        switch item {
        case .opened(let socket, let duplicate):
          watch(socket, FileDescriptor(duplicate), &reactor)
        case .closed(let socket):
          guard let handle = handles.removeValue(forKey: socket) else { continue }
          sockets[handle] = nil
          reactor.beginClose(handle)
        }
      }
      news.removeAll()
      setTimer(&reactor)
    }

    private func watch(
      _ socket: ares_socket_t,
      _ duplicate: FileDescriptor,
      _ reactor: inout Reactor<LinuxKernel>
    ) {
      let owned = OwnedFD(owning: duplicate)
      guard !reactor.isFull,
        let handle = try? reactor.register(owned.descriptor, owner: owner)
      else { return }
      _ = owned.release()
      handles[socket] = handle
      sockets[handle] = socket
    }

    private func setTimer(_ reactor: inout Reactor<LinuxKernel>) {
      var time = timeval()
      guard let channel, ares_timeout(channel, nil, &time) != nil else { return }
      let pause = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1_000
      // One that is set already and comes earlier looks again, and sets the next one.
      let due = reactor.now &+ pause &+ 1_000_000
      guard due < timerDue else { return }
      timerDue = due
      reactor.addTimer(at: due, owner: owner)
    }

    private static func isReadable(_ socket: ares_socket_t) -> Bool {
      var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, 0) > 0
    }
  }

  /// c-ares' state for the whole process.
  private enum DNSLibrary {
    /// Set up once; there's nothing to take down on Linux.
    static let isReady = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS
  }
#endif
