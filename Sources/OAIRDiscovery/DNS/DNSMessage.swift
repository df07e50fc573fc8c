import OAIRSys

/// A name service's response, taken apart (RFC 1035, section 4).
///
/// Sans I/O. Written here because c-ares gives the records of a service without their lifetimes.
struct DNSMessage: Equatable {
  /// LIMIT: records of one message.
  private static let records = 8_192

  /// The response code: 0 fine, 2 the server failed, 3 there is no such name.
  let code: Int
  /// What was asked for, and the aliases on the way there.
  let answers: [DNSRecord]
  /// Who knows better; with nothing found, how long that holds.
  let authority: [DNSRecord]
  /// What will be asked for next.
  let additional: [DNSRecord]

  /// Parses a message.
  ///
  /// - Returns: nil when it's none.
  init?(_ bytes: [UInt8]) {
    var reader = DNSReader(bytes: bytes)
    guard reader.skip(2), let flags = reader.uint16(), let questions = reader.uint16(),
      let counts = reader.counts(), flags & 0x8000 != 0,
      counts.reduce(0, +) <= Self.records
    else { return nil }
    code = Int(flags & 0x0f)
    for _ in 0..<questions {
      guard reader.name() != nil, reader.skip(4) else { return nil }
    }
    guard let answers = reader.records(counts[0]), let authority = reader.records(counts[1]),
      let additional = reader.records(counts[2])
    else { return nil }
    self.answers = answers
    self.authority = authority
    self.additional = additional
  }

  /// How long an answer without records holds, in seconds; nil when the message doesn't say.
  var negativeTTL: UInt32? {
    for record in authority {
      if case .authority(let minimum) = record.content { return min(minimum, record.ttl) }
    }
    return nil
  }
}

private struct DNSReader {
  /// LIMIT: bytes of a name in text (RFC 1035 2.3.4).
  private static let nameLimit = 255

  let bytes: [UInt8]
  private var offset = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func skip(_ count: Int) -> Bool {
    guard bytes.count - offset >= count else { return false }
    offset += count
    return true
  }

  mutating func uint16() -> UInt16? {
    let start = offset
    guard skip(2) else { return nil }
    return UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
  }

  mutating func uint32() -> UInt32? {
    guard let upper = uint16(), let lower = uint16() else { return nil }
    return UInt32(upper) << 16 | UInt32(lower)
  }

  mutating func uint64() -> UInt64? {
    guard let upper = uint32(), let lower = uint32() else { return nil }
    return UInt64(upper) << 32 | UInt64(lower)
  }

  /// The numbers of answers, of authorities and of additional records.
  mutating func counts() -> [Int]? {
    guard let a = uint16(), let b = uint16(), let c = uint16() else { return nil }
    return [Int(a), Int(b), Int(c)]
  }

  mutating func records(_ count: Int) -> [DNSRecord]? {
    var records: [DNSRecord] = []
    for _ in 0..<count {
      guard let record = record() else { return nil }
      records.append(record)
    }
    return records
  }

  private mutating func record() -> DNSRecord? {
    guard let name = name(), let type = uint16(), let kind = uint16(), let ttl = uint32(),
      let length = uint16()
    else { return nil }
    let start = offset
    guard skip(Int(length)) else { return nil }
    let end = offset
    offset = start
    // Class 1 is the internet; EDNS' own pseudo-record has its size there.
    guard let content = kind == 1 ? content(type, end) : .other else { return nil }
    offset = end
    // A time with its highest bit set is none (RFC 2181, section 8).
    return DNSRecord(name: name, ttl: ttl >> 31 == 0 ? ttl : 0, content: content)
  }

  /// - Returns: nil when the record is shorter than what it should say.
  private mutating func content(_ type: UInt16, _ end: Int) -> DNSRecord.Content? {
    switch type {
    case DNSRecordType.a.rawValue:
      guard end - offset == 4, let value = uint32() else { return nil }
      return .address(.ipv4(value, port: 0))
    case DNSRecordType.aaaa.rawValue:
      guard end - offset == 16, let upper = uint64(), let lower = uint64() else { return nil }
      return .address(.ipv6(upper, lower, scope: 0, port: 0))
    case DNSRecordType.srv.rawValue:
      guard let priority = uint16(), let weight = uint16(), let port = uint16(),
        let target = name(), offset == end
      else { return nil }
      return .service(
        priority: Int(priority),
        weight: Int(weight),
        port: port,
        target: target
      )
    case 6:
      guard name() != nil, name() != nil, skip(16), let minimum = uint32(), offset == end
      else { return nil }
      return .authority(minimum: minimum)
    default: return .other
    }
  }

  /// A name that may be continued elsewhere (RFC 1035 4.1.4); always before what came before,
  /// so that there is no circle.
  mutating func name() -> String? {
    var text: [UInt8] = []
    var position = offset
    var bound = offset
    var hasJumped = false
    while position < bytes.count {
      let length = Int(bytes[position])
      switch length {
      case 0:
        if !hasJumped { offset = position + 1 }
        return String(decoding: text, as: UTF8.self)
      case 1...63:
        let label = (position + 1)..<(position + 1 + length)
        guard label.upperBound <= bytes.count, text.count + length + 1 <= DNSReader.nameLimit,
          bytes[label].allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ".") })
        else { return nil }
        if !text.isEmpty { text.append(UInt8(ascii: ".")) }
        text += bytes[label]
        position = label.upperBound
      case 0xc0...0xff:
        guard position + 1 < bytes.count else { return nil }
        let target = (length & 0x3f) << 8 | Int(bytes[position + 1])
        guard target < bound else { return nil }
        if !hasJumped { offset = position + 2 }
        hasJumped = true
        bound = target
        position = target
      default: return nil
      }
    }
    return nil
  }
}
