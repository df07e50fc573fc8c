/// Which web pages may use the router.
///
/// A browser lets any page send requests to any address, and only asks who may read the answers.
/// Where no key is asked for, this is all that stands between a page and the models.
public struct BrowserOptions: Sendable, Equatable {
  /// Origins beside those of this machine, such as `https://chat.example.com`; `*` for all.
  public var corsOrigins: [String] = []
  /// Names beside `localhost` and addresses by which a loopback listener may be called; `*` for
  /// any.
  public var allowedHosts: [String] = []

  /// Pages of this machine only.
  public init() {}
}

/// Judges `Origin` and `Host`.
///
/// Pure; runs on the reactor for each request.
struct BrowserGuard {
  private let origins: [[UInt8]]
  private let hosts: [[UInt8]]
  private let allowsAllOrigins: Bool
  private let allowsAllHosts: Bool

  init(_ options: BrowserOptions) {
    origins = options.corsOrigins.map { Array($0.utf8).map(Self.lowercase) }
    hosts = options.allowedHosts.map { Array($0.utf8).map(Self.lowercase) }
    allowsAllOrigins = options.corsOrigins.contains("*")
    allowsAllHosts = options.allowedHosts.contains("*")
  }

  /// Whether a page of an origin (RFC 6454 section 6.2) may use the router.
  ///
  /// Always those of this machine, and of desktop programs, whose schemes no web site can have.
  func allows(origin: UnsafeRawBufferPointer) -> Bool {
    if allowsAllOrigins || origins.contains(where: { Self.equals(origin, $0) }) { return true }
    guard let colon = origin.firstIndex(of: UInt8(ascii: ":")),
      UnsafeRawBufferPointer(rebasing: origin[colon...]).starts("://")
    else { return false }
    let scheme = UnsafeRawBufferPointer(rebasing: origin[..<colon])
    if Self.desktop.contains(where: { scheme.equalsInAnyCase($0) }) { return true }
    guard scheme.equalsInAnyCase("http") || scheme.equalsInAnyCase("https") else { return false }
    let host = Self.withoutPort(UnsafeRawBufferPointer(rebasing: origin[(colon + 3)...]))
    return Self.isLoopback(host)
  }

  /// Whether a loopback listener may be called by a name.
  ///
  /// A page whose own name was made to point to 127.0.0.1 (DNS rebinding) counts as of the same
  /// origin to its browser, but it can't change the name.
  func allows(host: UnsafeRawBufferPointer) -> Bool {
    // HTTP/1.0 without Host: no browser.
    if host.isEmpty || allowsAllHosts || Self.isUsual(host) { return true }
    if Self.address(host) != nil { return true }
    let name = Self.withoutPort(host)
    if name.first == UInt8(ascii: "[") || Self.isLoopback(name) { return true }
    return hosts.contains { Self.equals(name, $0) }
  }

  private static let desktop: [StaticString] = [
    "app", "file", "tauri", "vscode-webview", "vscode-file",
  ]

  /// What nearly everybody calls this machine: seen at a glance, where others are parsed.
  @inline(__always)
  private static func isUsual(_ host: UnsafeRawBufferPointer) -> Bool {
    guard host.starts("127.0.0.1") || host.starts("localhost") else { return false }
    return host.count == 9 || host[9] == UInt8(ascii: ":")
  }

  private static func withoutPort(_ authority: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    if authority.first == UInt8(ascii: "["),
      let end = authority.firstIndex(of: UInt8(ascii: "]"))
    {
      return UnsafeRawBufferPointer(rebasing: authority[...end])
    }
    var end = 0
    while end < authority.count, authority[end] != UInt8(ascii: ":") { end &+= 1 }
    return UnsafeRawBufferPointer(rebasing: authority[..<end])
  }

  /// `localhost` and names below it (RFC 6761 section 6.3), 127.0.0.0/8, 0.0.0.0, ::1.
  private static func isLoopback(_ host: UnsafeRawBufferPointer) -> Bool {
    if host.equals("[::1]") { return true }
    if let address = address(host) { return address >> 24 == 127 || address == 0 }
    let name = host.last == UInt8(ascii: ".") ? .init(rebasing: host.dropLast()) : host
    if name.equalsInAnyCase("localhost") { return true }
    let below: StaticString = ".localhost"
    let end = UnsafeRawBufferPointer(rebasing: name.suffix(below.utf8CodeUnitCount))
    return name.count > end.count && end.equalsInAnyCase(below)
  }

  /// An IPv4 address in host byte order, written as browsers do: four decimal numbers; what follows
  /// a colon is none of it.
  private static func address(_ authority: UnsafeRawBufferPointer) -> UInt32? {
    var address: UInt32 = 0
    var part: UInt32 = 0
    var digits = 0
    var dots = 0
    for byte in authority {
      let digit = UInt32(byte) &- 0x30
      if digit < 10 {
        part = part &* 10 &+ digit
        digits &+= 1
        guard digits <= 3, part <= 255 else { return nil }
      } else {
        if byte == UInt8(ascii: ":") { break }
        guard byte == UInt8(ascii: "."), digits > 0, dots < 3 else { return nil }
        address = address << 8 | part
        part = 0
        digits = 0
        dots &+= 1
      }
    }
    return dots == 3 && digits > 0 ? address << 8 | part : nil
  }

  /// Compares with what is in lower case already.
  private static func equals(_ bytes: UnsafeRawBufferPointer, _ lower: [UInt8]) -> Bool {
    bytes.count == lower.count && zip(bytes, lower).allSatisfy { lowercase($0) == $1 }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
