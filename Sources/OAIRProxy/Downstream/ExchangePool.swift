import OAIRHTTP1

/// Memory for exchanges: a connection has some only while a request is under way, so that an idle
/// one takes a seventh of what a busy one does.
///
/// Not thread-safe: one proxy owns it.
struct ExchangePool: ~Copyable {
  /// LIMIT: exchanges that lie ready for the next requests; more are made when they are needed, and
  /// freed when they are over.
  static let ready = 64

  // SAFETY: each place is allocated and initialised here, and belongs either to this pool or to the
  // one connection that has taken it.
  private var places: [UnsafeMutablePointer<Exchange>] = []
  /// What stands in connections without a request; nobody changes it.
  let resting: UnsafeMutablePointer<Exchange>
  /// How many are under way.
  private(set) var inUse = 0
  private let limits: HTTP1Limits
  private var settings: ProxySettings

  init(settings: ProxySettings, limits: HTTP1Limits) {
    self.settings = settings
    self.limits = limits
    places.reserveCapacity(Self.ready)
    resting = Self.make(settings, limits)
  }

  deinit {
    Self.free(resting)
    for place in places { Self.free(place) }
  }

  /// The settings are others from now on.
  mutating func adopt(_ settings: ProxySettings) {
    self.settings = settings
    resting.pointee.renew(settings: settings, limits: limits)
    // They would keep the former ones.
    for place in places { place.pointee.renew(settings: settings, limits: limits) }
  }

  /// An exchange that hasn't begun; the caller's until it gives it back.
  mutating func take() -> UnsafeMutablePointer<Exchange> {
    inUse &+= 1
    return places.popLast() ?? Self.make(settings, limits)
  }

  /// Makes one whose memory begins a cache line, which has what each piece of an answer needs.
  private static func make(
    _ settings: ProxySettings,
    _ limits: HTTP1Limits
  ) -> UnsafeMutablePointer<Exchange> {
    let place = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<Exchange>.size,
      alignment: 64
    ).bindMemory(to: Exchange.self, capacity: 1)
    place.initialize(to: Exchange(settings: settings, limits: limits))
    return place
  }

  /// The exchange is over: nothing of it is left.
  mutating func giveBack(_ place: UnsafeMutablePointer<Exchange>) {
    inUse &-= 1
    guard places.count < Self.ready else { return Self.free(place) }
    place.pointee.renew(settings: settings, limits: limits)
    places.append(place)
  }

  /// Ends an exchange that no pool has.
  static func free(_ place: UnsafeMutablePointer<Exchange>) {
    place.deinitialize(count: 1)
    UnsafeMutableRawPointer(place).deallocate()
  }
}
