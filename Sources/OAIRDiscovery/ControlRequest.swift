public import OAIRRouting
public import OAIRSys

/// One request of the control plane: a probe, a listing, a question to a container engine, or to
/// a running router.
public struct ControlRequest: Sendable, Equatable {
  /// Where to connect.
  public var address: SocketAddress
  /// The `Host` field.
  public var host: String
  /// The method; all but GET may have a body.
  public var method = "GET"
  /// What is sent; with it goes its length.
  public var body: [UInt8] = []
  /// A key that is shown as `Authorization: Bearer …`.
  public var key: String?
  /// A backend's own credentials and fields.
  public var credentials = BackendCredentials()
  /// The path with its query, visible ASCII only.
  public var target: String
  /// The longest time to the end of the response; for a stream, to the end of its head.
  public var timeout: Duration
  /// Bytes that the body may have; for a stream it doesn't apply.
  public var bodyLimit: Int

  /// Makes a request.
  ///
  /// - Parameters:
  ///   - target: the path with its query; it must begin with `/`.
  ///   - address: where to connect.
  ///   - host: the `Host` field.
  ///   - timeout: the longest time to the end of the response.
  ///   - bodyLimit: bytes that the body may have.
  public init(
    _ target: String,
    address: SocketAddress,
    host: String,
    timeout: Duration,
    bodyLimit: Int = DiscoveryLimits.body
  ) {
    self.target = target
    self.address = address
    self.host = host
    self.timeout = timeout
    self.bodyLimit = bodyLimit
  }

  /// The head as it goes out; nil when a part has bytes that don't belong into a head.
  var headBytes: [UInt8]? {
    let parts = target + host + method + (key ?? "")
    let isClean = target.hasPrefix("/") && parts.utf8.allSatisfy { 0x21...0x7e ~= $0 }
    guard isClean else { return nil }
    // Each request has a connection of its own: a probe on a connection that was kept alive would
    // say less about what a new client meets.
    var head = """
      \(method) \(target) HTTP/1.1\r
      Host: \(host)\r
      User-Agent: oairouter\r
      Accept: application/json\r
      Connection: close\r\n
      """
    if let key { head += "Authorization: Bearer \(key)\r\n" }
    if credentials.problem == nil { head += credentials.lines }
    if method != "GET" {
      head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
    }
    return Array((head + "\r\n").utf8)
  }
}
