/// The forms of a request target (RFC 9112 section 3.2), and what must be the same as Host.
enum ReferenceTarget {
  /// Whether a method may have the target, beside this Host.
  static func isTarget(_ target: [UInt8], of method: [UInt8], host: [UInt8]?) -> Bool {
    if method == Array("CONNECT".utf8) { return isAuthority(target, needsPort: true) }
    if target.first == 47 { return true }
    if target == [42] { return method == Array("OPTIONS".utf8) }
    let text = ReferenceLines.text(target)
    guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
      return false
    }
    let authority = Array(
      target.dropFirst(scheme.utf8.count).prefix { $0 != 47 && $0 != 63 }
    )
    guard isAuthority(authority) else { return false }
    guard let host else { return true }
    let port = scheme == "https://" ? ":443" : ":80"
    return withoutPort(authority, port) == withoutPort(host, port)
  }

  /// `host [ ":" port ]`, with a host.
  static func isAuthority(_ text: [UInt8], needsPort: Bool = false) -> Bool {
    let host: ArraySlice<UInt8>
    if text.first == 91 {
      guard let end = text.firstIndex(of: 93) else { return false }
      host = text[...end]
      let inside = text[1..<end]
      guard inside.count(where: { $0 == 58 }) >= 2, inside.allSatisfy(isAddressByte) else {
        return false
      }
    } else {
      host = text.prefix { $0 != 58 }
      guard !host.isEmpty, host.allSatisfy(isNameByte) else { return false }
    }
    let rest = text[host.endIndex...]
    guard !rest.isEmpty else { return !needsPort }
    let port = rest.dropFirst()
    guard rest.first == 58, port.count <= 5, port.allSatisfy({ (48...57).contains($0) }) else {
      return false
    }
    guard !port.isEmpty else { return !needsPort }
    return Int(String(decoding: port, as: UTF8.self)).map { $0 < 65_536 } ?? false
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    ReferenceLines.isAlphanumeric(byte) || "-._~!$&'()*+,;=%".utf8.contains(byte)
  }

  private static func isAddressByte(_ byte: UInt8) -> Bool {
    "0123456789abcdefABCDEF:.".utf8.contains(byte)
  }

  private static func withoutPort(_ authority: [UInt8], _ port: String) -> String {
    let text = ReferenceLines.text(authority)
    if text.utf8.count > 1, text.hasSuffix(":") { return String(text.dropLast()) }
    return text.hasSuffix(port) && text.utf8.count > port.utf8.count
      ? String(text.dropLast(port.count)) : text
  }
}
