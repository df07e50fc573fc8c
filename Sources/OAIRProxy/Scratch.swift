import OAIRHTTP1
import OAIRWire

/// The reactor's working memory, shared by all its connections, which own a buffer only while
/// something is left over.
///
/// Allocated once; used within one call, never across two events.
struct Scratch: ~Copyable {
  /// What was held back of a response or its head, and behind it what a read brings.
  static func readCapacity(_ limits: HTTP1Limits) -> Int {
    let held = max(2 * ProxyLimits.heldResponse, limits.head, limits.requestLine)
    return held + 2 * ProxyLimits.readSize + (64 << 10)
  }
  /// A rewritten head: the largest head that is accepted, and what we add to it.
  static let headCapacity = (128 << 10)

  // SAFETY: allocated in init, freed in deinit, never handed out beyond a call.
  let read: UnsafeMutableRawBufferPointer
  let head: UnsafeMutableRawBufferPointer
  /// A model's name, decoded.
  ///
  /// Not in `head`: another candidate is looked for when a rewritten head is already there.
  let modelName: UnsafeMutableRawBufferPointer
  var requestTable: HeadTable
  var responseTable: HeadTable
  /// What `requestTable` was parsed from: the head of the exchange with this serial, 0 for none.
  var parsedSerial: UInt64 = 0
  /// What else was parsed with `requestTable`, and with `responseTable`.
  var requestHead = RequestHead()
  var responseHead = ResponseHead()
  /// Between a response head and its COMMIT, within one call: how long the rewritten head in
  /// `head` is, and where in `read` the body lies.
  var pendingHead = 0
  var pendingBody = 0..<0
  /// What an answer says that can't go on behind an early head, within one call.
  var unfit = GatewayError(.upstreamAnswer)
  /// A request id of our own, and whose: the exchange's with this serial, 0 for none.
  let requestID: UnsafeMutableRawBufferPointer
  var identifiedSerial: UInt64 = 0

  init(limits: HTTP1Limits) {
    read = .allocate(byteCount: Self.readCapacity(limits), alignment: 64)
    head = .allocate(byteCount: max(Self.headCapacity, limits.head * 2), alignment: 64)
    modelName = .allocate(byteCount: JSONPeek.modelLimit, alignment: 8)
    requestID = .allocate(byteCount: RequestIDSource.length, alignment: 8)
    requestTable = HeadTable(capacity: limits.fields)
    responseTable = HeadTable(capacity: limits.fields)
  }

  /// LIMIT: so many bytes of head and body are sent as one piece.
  ///
  /// The kernel takes two as well, but then the head is copied once more.
  private static let joined = 2048

  /// Puts a short body behind the head that was written into `head`.
  ///
  /// - Parameters:
  ///   - headCount: how long the head is.
  ///   - body: lies elsewhere.
  /// - Returns: both as one piece; nil if they are too long for that.
  func join(headCount: Int, _ body: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    let end = headCount + body.count
    guard end <= Self.joined else { return nil }
    UnsafeMutableRawBufferPointer(rebasing: head[headCount..<end]).copyMemory(from: body)
    return UnsafeRawBufferPointer(rebasing: head[..<end])
  }

  deinit {
    read.deallocate()
    head.deallocate()
    modelName.deallocate()
    requestID.deallocate()
  }
}
