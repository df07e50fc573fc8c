import Glibc
import OAIRHTTP1
import OAIRRouting
import OAIRSys
import OAIRWire

// Heads on their way through (RFC 9110 section 7.6): hop-by-hop fields stay behind, ours are added,
// every other field goes on byte for byte, in its order.
//
// What is written for each request is inlined into the one place that has it written.

/// What the writers add, for one exchange.
struct ForwardedFacts {
  /// The client's own id, if it is safe, else one of ours.
  let requestID: UnsafeRawBufferPointer
}

/// Writes the head that a backend gets.
struct UpstreamHeadWriter {
  let head: UnsafeRawBufferPointer
  let request: RequestHead
  let record: BackendRecord
  let peer: SocketAddress
  let canonicalPath: StaticString?
  /// How the body goes on.
  let framing: MessageFraming
  /// The backend is asked to switch to WebSockets (RFC 6455 section 4.1).
  let isTunnel: Bool
  /// The router itself has keys: what a client shows is one of them, and nobody else's business.
  let checksKeys: Bool
  /// What `model` in the query is replaced by, if it is.
  let queryModel: [UInt8]?

  /// Writes the whole head.
  ///
  /// - Parameter table: the fields of `head`.
  @inline(__always)
  func write(_ table: borrowing HeadTable, facts: ForwardedFacts, to out: inout HeadWriter) {
    writeRequestLine(&out)
    writeHost(&out)
    if record.ownFieldNames.isEmpty {
      // The writer isn't captured: that would be a copy of it.
      let drops = dropped
      out.fields(of: table, from: head) { field in
        field.known.bit & drops == 0 && !field.isNamedByConnection
      }
    } else {
      writeFieldsBesideOwn(table, &out)
    }
    if !record.ownFields.isEmpty { record.ownFields.withUnsafeBytes { out.append($0) } }
    switch framing {
    case .length(let length): out.field("Content-Length", decimal: length)
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    case .none, .untilClose: break
    }
    if isTunnel { out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n") }
    writeForwardedFor(table, &out)
    out.append("\r\nX-Forwarded-Proto: http\r\n")
    if !request.host.isEmpty { out.field("X-Forwarded-Host", checked: bytes(request.host)) }
    writeVia(table, &out)
    out.append("\r\nX-Request-ID: ", facts.requestID, "\r\n\r\n")
  }

  @inline(__always)
  private func writeRequestLine(_ out: inout HeadWriter) {
    // With the space behind the method.
    let method = ByteRange(Int(request.methodRange.start), Int(request.methodRange.end) + 1)
    out.append(bytes(method))
    if !record.pathPrefix.isEmpty { record.pathPrefix.withUnsafeBytes { out.append($0) } }
    if let path = canonicalPath {
      out.append(UnsafeRawBufferPointer(start: path.utf8Start, count: path.utf8CodeUnitCount))
    } else {
      out.append(PathTable.trimmed(bytes(request.path)))
    }
    if !request.query.isEmpty {
      out.append(byte: UInt8(ascii: "?"))
      writeQuery(bytes(request.query), &out)
    }
  }

  /// The client's fields but for those of which the backend has its own.
  @inline(never)
  private func writeFieldsBesideOwn(_ table: borrowing HeadTable, _ out: inout HeadWriter) {
    let drops = dropped
    out.fields(of: table, from: head) { field in
      field.known.bit & drops == 0 && !field.isNamedByConnection && !isOwn(field)
    }
  }

  /// The end of the request line, and the first field.
  @inline(__always)
  private func writeHost(_ out: inout HeadWriter) {
    record.hostHeader.withUnsafeBytes { host in
      if record.isPlain {
        out.append(" HTTP/1.1\r\nHost: ", host, "\r\n")
      } else {
        out.append(" HTTP/1.1\r\n")
        out.field("Host", host)
      }
    }
  }

  private func writeQuery(_ query: UnsafeRawBufferPointer, _ out: inout HeadWriter) {
    guard let queryModel, let value = QueryModel.value(in: query) else {
      out.append(query)
      return
    }
    out.append(UnsafeRawBufferPointer(rebasing: query[..<value.lowerBound]))
    for byte in queryModel { Self.append(percentEncoded: byte, &out) }
    out.append(UnsafeRawBufferPointer(rebasing: query[value.upperBound...]))
  }

  /// RFC 3986 section 2.3: what isn't unreserved is encoded.
  private static func append(percentEncoded byte: UInt8, _ out: inout HeadWriter) {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: out.append(byte: byte)
    default:
      let digits: StaticString = "0123456789ABCDEF"
      out.append(byte: UInt8(ascii: "%"))
      out.append(byte: digits.utf8Start[Int(byte >> 4)])
      out.append(byte: digits.utf8Start[Int(byte & 15)])
    }
  }

  /// The known fields of a client that don't go on.
  private var dropped: UInt32 {
    // Host and the length are written anew; Expect is answered by us (RFC 9110 section 10.1.1).
    var drops = KnownField.hopByHop | KnownField.host.bit | KnownField.contentLength.bit
    drops |= KnownField.expect.bit | KnownField.via.bit | KnownField.xForwardedFor.bit
    drops |= KnownField.xForwardedProto.bit | KnownField.xForwardedHost.bit
    // One id goes on: a client may send several, and not all of them safe.
    drops |= KnownField.xRequestID.bit
    // Which pages may ask is decided here: a backend with a list of its own would refuse them.
    drops |= KnownField.origin.bit
    if !record.forwardsAuthorization || checksKeys {
      drops |= KnownField.authorization.bit | KnownField.xAPIKey.bit
    }
    return drops
  }

  /// The backend has a field of that name of its own.
  private func isOwn(_ field: HeadField) -> Bool {
    record.ownFieldNames.contains { own in
      let name = bytes(field.name)
      return name.count == own.count
        && zip(name, own).allSatisfy { byte, wanted in
          byte == wanted
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte | 0x20 == wanted
        }
    }
  }

  /// Appended to what earlier proxies wrote; several fields become one list (RFC 9110 section 5.3).
  ///
  /// Leaves its line open: what is written behind it begins with the line's end.
  @inline(__always)
  private func writeForwardedFor(_ table: borrowing HeadTable, _ out: inout HeadWriter) {
    out.append("X-Forwarded-For: ")
    if table.contains(.xForwardedFor) { appendFormer(.xForwardedFor, table, &out) }
    switch peer {
    case .ipv4(let address, _): out.append(ipv4: address)
    default:
      var host = peer.host
      host.withUTF8 { out.append(UnsafeRawBufferPointer($0)) }
    }
  }

  /// Leaves its line open, too.
  @inline(__always)
  private func writeVia(_ table: borrowing HeadTable, _ out: inout HeadWriter) {
    out.append("Via: ")
    if table.contains(.via) { appendFormer(.via, table, &out) }
    if request.minorVersion == 0 { out.append("1.0 ") } else { out.append("1.1 ") }
    out.append(ViaField.pseudonym)
  }

  /// What the fields of a kind said that have come, each with a comma behind it.
  private func appendFormer(
    _ known: KnownField,
    _ table: borrowing HeadTable,
    _ out: inout HeadWriter
  ) {
    for index in 0..<table.count {
      let field = table[index]
      guard field.known == known, !field.value.isEmpty, !field.isHopByHop else { continue }
      out.append(bytes(field.value))
      out.append(", ")
    }
  }

  private func bytes(_ range: ByteRange) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: head[range.range])
  }
}

/// Writes the head that a client gets of a backend's answer.
struct DownstreamHeadWriter {
  let head: UnsafeRawBufferPointer
  let response: ResponseHead
  let record: BackendRecord
  let attempts: Int
  /// The model that answers instead of the one that was asked for, if another one does.
  let model: UnsafeRawBufferPointer?
  /// The session belongs to another backend.
  let breaksSession: Bool
  /// The client's connection ends with this answer.
  let closes: Bool
  /// Chunk framing goes on; false towards HTTP/1.0.
  let keepsChunks: Bool
  /// The protocol is switched: what follows isn't HTTP.
  let isTunnel: Bool
  /// The page that asked; whether it may read the answer isn't its backend's to say.
  let origin: UnsafeRawBufferPointer?

  /// Writes the whole head.
  ///
  /// - Parameters:
  ///   - table: the fields of `head`.
  ///   - date: ours, for a backend that sent none (RFC 9110 section 6.6.1).
  /// - Returns: where the fields that tell of the attempt stand.
  @inline(__always)
  func write(
    _ table: borrowing HeadTable,
    facts: ForwardedFacts,
    date: inout HTTPDate,
    to out: inout HeadWriter
  ) -> Range<Int> {
    let line = writeStatusLine(&out)
    var passed: UInt32 = 0
    // The writer isn't captured: that would be a copy of it.
    let replaced = ReplacedFields(
      head: head,
      isForPage: origin != nil,
      tellsModel: model != nil,
      tellsSession: breaksSession
    )
    out.fields(of: table, from: head, behind: line) { field in
      if field.known.bit & KnownField.hopByHop != 0 || field.isNamedByConnection { return false }
      // Known ones aren't looked at any further.
      if field.known == .other, replaced.contains(field.name) { return false }
      passed |= field.known.bit
      return true
    }
    if response.framing == .chunked, keepsChunks { out.append("Transfer-Encoding: chunked\r\n") }
    if passed & KnownField.date.bit == 0 { date.withBytes { out.field("Date", checked: $0) } }
    if passed & KnownField.xRequestID.bit == 0 {
      out.field("X-Request-ID", checked: facts.requestID)
    }
    let attemptFields = writeAttempt(&out)
    if response.contentKind == .eventStream, passed & KnownField.xAccelBuffering.bit == 0 {
      out.append("X-Accel-Buffering: no\r\n")
    }
    if let origin { CORSFields.write(origin, to: &out) }
    if isTunnel {
      out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n")
    } else if closes {
      out.append("Connection: close\r\n")
    }
    out.endOfHead()
    return attemptFields
  }

  /// Where the status line stands that may stay as it is; else it is written here.
  @inline(__always)
  private func writeStatusLine(_ out: inout HeadWriter) -> Range<Int> {
    // "HTTP/1.1 200 OK": nothing is missing, not even the space before the reason.
    let end = Int(response.reason.end) + 2
    if response.minorVersion == 1, response.reason.start == response.statusRange.end + 1,
      end <= head.count
    {
      return 0..<end
    }
    out.append("HTTP/1.1 ")
    out.append(bytes(response.statusRange))
    out.append(byte: 0x20)
    out.append(bytes(response.reason))
    out.append("\r\n")
    return 0..<0
  }

  /// Tells of the attempt; where its fields stand.
  @inline(__always)
  private func writeAttempt(_ out: inout HeadWriter) -> Range<Int> {
    let start = out.count
    record.idBytes.withUnsafeBytes { id in
      if record.isPlain {
        out.field("X-OAIRouter-Backend", checked: id)
      } else {
        out.field("X-OAIRouter-Backend", id)
      }
    }
    out.field("X-OAIRouter-Attempts", decimal: attempts)
    if let model { out.field("X-OAIRouter-Model", model) }
    if breaksSession { out.append("X-Session-Broken: true\r\n") }
    return start..<out.count
  }

  private func bytes(_ range: ByteRange) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: head[range.range])
  }
}

/// Fields of an answer that say what the router itself says.
private struct ReplacedFields {
  let head: UnsafeRawBufferPointer
  /// A page asked; whether it may read the answer isn't its backend's to say.
  let isForPage: Bool
  let tellsModel: Bool
  let tellsSession: Bool

  /// Whether a field that isn't a known one goes by such a name.
  func contains(_ range: ByteRange) -> Bool {
    let name = UnsafeRawBufferPointer(rebasing: head[range.range])
    return isForPage && CORSFields.isOne(name) || tellsOfAttempt(name)
  }

  /// The field tells of another router's attempt, one behind this one: whose backend a client's
  /// router has asked is that one's word, and it is said once.
  private func tellsOfAttempt(_ name: UnsafeRawBufferPointer) -> Bool {
    // Most aren't looked at any further.
    guard name.count >= 16, name.count <= 20 else { return false }
    return name.equalsInAnyCase("x-oairouter-backend")
      || name.equalsInAnyCase("x-oairouter-attempts")
      || tellsModel && name.equalsInAnyCase("x-oairouter-model")
      || tellsSession && name.equalsInAnyCase("x-session-broken")
  }
}
