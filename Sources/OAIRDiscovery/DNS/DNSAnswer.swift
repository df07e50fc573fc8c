import OAIRSys

/// What came of a question to a name service.
enum DNSAnswer: Equatable, Sendable {
  /// Records of the type that was asked for; how long they hold, and the full name that has them.
  case found([DNSRecord], additional: [DNSRecord], ttl: Duration, name: String)
  /// There is no such name, or it has nothing of the kind: a fact, which holds for so long.
  case nothing(ttl: Duration)
  /// Nobody could tell: why, in plain words.
  case failed(String)

  /// Reads a response.
  ///
  /// - Parameters:
  ///   - bytes: a message.
  ///   - name: what was asked for.
  ///   - type: of the records that count.
  init(_ bytes: [UInt8], name: String, type: DNSRecordType) {
    guard let message = DNSMessage(bytes) else {
      self = .failed("the name service's answer makes no sense")
      return
    }
    guard message.code == 0 || message.code == 3 else {
      self = .failed("the name service answered with code \(message.code)")
      return
    }
    let records = message.answers.filter { type.describes($0.content) }
    guard message.code == 0, !records.isEmpty else {
      let ttl = message.negativeTTL.map { Duration.seconds(Int64($0)) }
      self = .nothing(ttl: ttl ?? DiscoveryLimits.dnsNegative)
      return
    }
    // An alias on the way may change before what it leads to does.
    let ttl = message.answers.lazy.map(\.ttl).min() ?? 0
    self = .found(
      records,
      additional: message.additional,
      ttl: .seconds(Int64(ttl)),
      name: name
    )
  }
}

extension DNSRecordType {
  /// True for what a record of this type says.
  func describes(_ content: DNSRecord.Content) -> Bool {
    switch (self, content) {
    case (.a, .address(.ipv4)): true
    case (.aaaa, .address(.ipv6)): true
    case (.srv, .service): true
    default: false
    }
  }
}
