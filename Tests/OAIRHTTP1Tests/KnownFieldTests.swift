import Testing

@testable import OAIRHTTP1

struct KnownFieldTests {
  static let names: [(String, KnownField)] = [
    ("Host", .host), ("Content-Length", .contentLength), ("Transfer-Encoding", .transferEncoding),
    ("Connection", .connection), ("Keep-Alive", .keepAlive),
    ("Proxy-Connection", .proxyConnection), ("Proxy-Authenticate", .proxyAuthenticate),
    ("Proxy-Authorization", .proxyAuthorization), ("TE", .te), ("Trailer", .trailer),
    ("Upgrade", .upgrade), ("Expect", .expect), ("Content-Type", .contentType),
    ("Content-Encoding", .contentEncoding), ("Authorization", .authorization), ("Via", .via),
    ("X-Forwarded-For", .xForwardedFor), ("X-Forwarded-Proto", .xForwardedProto),
    ("X-Forwarded-Host", .xForwardedHost), ("X-Request-ID", .xRequestID), ("Origin", .origin),
    ("Date", .date), ("Server", .server), ("Retry-After", .retryAfter),
    ("X-Accel-Buffering", .xAccelBuffering), ("Accept", .accept),
    ("Accept-Encoding", .acceptEncoding), ("User-Agent", .userAgent), ("Cookie", .cookie),
    ("Location", .location), ("X-API-Key", .xAPIKey),
  ]

  private func recognise(_ name: String) throws -> KnownField {
    let bytes = Array(name.utf8)
    let memory = try GuardedMemory(capacity: 64)
    return try memory.withBytes(bytes[...]) { buffer in
      KnownField(try #require(buffer.baseAddress), count: buffer.count)
    }
  }

  @Test func `every known field is recognised in any case and in no other length`() throws {
    for (name, field) in Self.names {
      #expect(try recognise(name) == field)
      #expect(try recognise(name.lowercased()) == field)
      #expect(try recognise(name.uppercased()) == field)
      #expect(try recognise(name + "s") == .other, "\(name)s")
      #expect(try recognise(String(name.dropLast())) == .other, "\(name.dropLast())")
    }
  }

  /// What a line says that has just as many bytes as may be read.
  private func recognise(line: String) throws -> (KnownField, Int) {
    let bytes = Array(line.utf8) + [UInt8](repeating: 0x61, count: KnownField.longestNameAndColon)
    let memory = try GuardedMemory(capacity: 64)
    return try memory.withBytes(bytes[..<KnownField.longestNameAndColon]) { buffer in
      var count = -1
      let field = KnownField(lineAt: try #require(buffer.baseAddress), count: &count)
      return (field, count)
    }
  }

  @Test func `every known field is recognised at the start of a line`() throws {
    for (name, field) in Self.names {
      for spelling in [name, name.lowercased(), name.uppercased()] {
        #expect(try recognise(line: spelling + ":") == (field, name.utf8.count))
      }
      for other in [name + " :", name + "s:", name + ";", "\(name.dropLast()):"] {
        #expect(try recognise(line: other) == (.other, -1), "\(other)")
      }
    }
    let longest = try #require(Self.names.map(\.0.utf8.count).max())
    #expect(KnownField.longestNameAndColon == longest + 1)
  }

  @Test func `every case but other has a name`() {
    var raw: UInt8 = 0
    while KnownField(rawValue: raw + 1) != nil { raw += 1 }
    #expect(Int(raw) == Self.names.count)
    #expect(Set(Self.names.map(\.1.rawValue)).count == Self.names.count)
    // The table's set of fields that occur has a bit for each.
    #expect(raw < 32)
  }

  @Test func `hop-by-hop are the fields that RFC 9110 section 7.6.1 lists`() {
    let hopByHop: Set<KnownField> = [
      .connection, .keepAlive, .proxyConnection, .proxyAuthenticate, .proxyAuthorization, .te,
      .trailer, .transferEncoding, .upgrade,
    ]
    for (_, field) in Self.names {
      #expect(field.isHopByHop == hopByHop.contains(field))
      #expect((field.bit & KnownField.hopByHop != 0) == hopByHop.contains(field))
    }
    #expect(Set(Self.names.map(\.1.bit)).count == Self.names.count)
    #expect(!KnownField.other.isHopByHop)
  }
}
