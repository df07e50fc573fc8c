extension MockFault {
  /// Reads the grammar that the type's documentation gives.
  ///
  /// - Parameter text: for example `status=429,retry-after=1,rate=0.1`.
  /// - Throws: `MockFaultError`, which names the part that isn't understood.
  public init(_ text: String) throws(MockFaultError) {
    var parts = Parts()
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = pair.first.map(String.init) ?? ""
      try parts.take(name, pair.count == 2 ? String(pair[1]) : nil)
    }
    self = try parts.fault()
  }

  /// What has been read so far.
  private struct Parts {
    var kind: Kind?
    var retryAfter: Int?
    var rate: Double?
    var times: Int?
    var target: Target?
    var unit: Unit?

    mutating func take(_ name: String, _ value: String?) throws(MockFaultError) {
      if try takeModifier(name, value) { return }
      guard kind == nil else {
        throw MockFaultError("'\(name)' is a second kind of fault; give one")
      }
      kind = try Self.kind(name, value)
    }

    private mutating func takeModifier(
      _ name: String,
      _ value: String?
    ) throws(MockFaultError) -> Bool {
      switch name {
      case "retry-after": retryAfter = try Self.number(name, value, 0...1_000_000)
      case "times": times = try Self.number(name, value, 1...Int.max)
      case "rate":
        guard let value, let share = Double(value), (0...1).contains(share) else {
          throw MockFaultError("'rate' needs a share from 0 to 1, such as rate=0.1")
        }
        rate = share
      case "on": target = try Self.target(value)
      case "unit":
        guard let value, let named = Unit(rawValue: value) else {
          throw MockFaultError("'unit' needs one of tokens, events, bytes")
        }
        unit = named
      default: return false
      }
      return true
    }

    private static func target(_ value: String?) throws(MockFaultError) -> Target {
      switch value {
      case "inference": return .inference
      case "models": return .models
      case "health": return .health
      case "all": return .all
      case let path? where path.hasPrefix("/"): return .path(path)
      default: throw MockFaultError("'on' needs one of inference, models, health, all, or a path")
      }
    }

    private static func kind(_ name: String, _ value: String?) throws(MockFaultError) -> Kind {
      switch name {
      case "status": return .status(try number(name, value, 400...599), retryAfterSeconds: nil)
      case "slow-head":
        guard let value, let duration = DurationText.parse(value) else {
          throw MockFaultError("'slow-head' needs a duration, such as slow-head=500ms")
        }
        return .slowHead(duration)
      case "cut-after", "eof-after", "stall-after", "error-after":
        let count = try number(name, value, 0...Int.max)
        let how = Break(rawValue: String(name.dropLast("-after".count)))
        return .broken(after: count, how ?? .cut)
      case "short-body": return .shortBody(try number(name, value, 1...Int.max))
      // LIMIT: so much junk proves the point.
      case "surplus": return .surplus(try number(name, value, 1...1_048_576))
      case "die":
        guard let value else { return .death(returnsAfter: nil) }
        guard let duration = DurationText.parse(value) else {
          throw MockFaultError("'die' takes no value or a duration, such as die=2s")
        }
        return .death(returnsAfter: duration)
      default: return try bareKind(name, value)
      }
    }

    private static func bareKind(
      _ name: String,
      _ value: String?
    ) throws(MockFaultError) -> Kind {
      let kinds: [String: Kind] = [
        "reset": .reset, "reset-before-head": .resetBeforeHead,
        "eof-before-head": .endBeforeHead, "no-response": .noResponse,
        "no-end-marker": .noEndMarker, "no-terminator": .noTerminator,
      ]
      guard let kind = kinds[name] else {
        throw MockFaultError(
          "'\(name)' is no fault; known are status, reset, reset-before-head, eof-before-head, "
            + "no-response, slow-head, cut-after, eof-after, stall-after, error-after, "
            + "no-end-marker, no-terminator, short-body, surplus, die, with retry-after, rate, "
            + "times, on, unit"
        )
      }
      guard value == nil else { throw MockFaultError("'\(name)' takes no value") }
      return kind
    }

    private static func number(
      _ name: String,
      _ value: String?,
      _ range: ClosedRange<Int>
    ) throws(MockFaultError) -> Int {
      if let value, value.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(value),
        range.contains(number)
      {
        return number
      }
      let bounds = range.upperBound == .max ? "from \(range.lowerBound)" : "in \(range)"
      throw MockFaultError(
        "'\(name)' needs a whole number \(bounds), such as \(name)=\(example(range))"
      )
    }

    private static func example(_ range: ClosedRange<Int>) -> Int {
      range.contains(503) && range.lowerBound >= 400 ? 503 : max(range.lowerBound, 1)
    }

    func fault() throws(MockFaultError) -> MockFault {
      guard var kind else {
        throw MockFaultError("a fault needs a kind, such as status=503 or cut-after=3")
      }
      if let retryAfter {
        guard case .status(let code, _) = kind else {
          throw MockFaultError("'retry-after' stands beside 'status' only")
        }
        kind = .status(code, retryAfterSeconds: retryAfter)
      }
      if let unit {
        guard case .broken(let after, let how, _) = kind else {
          throw MockFaultError("'unit' stands beside a fault that ends in '-after' only")
        }
        guard how != .error || unit != .bytes else {
          throw MockFaultError("'error-after' counts tokens or events, not bytes")
        }
        kind = .broken(after: after, how, unit: unit)
      }
      return MockFault(kind, rate: rate ?? 1, times: times, on: target ?? .inference)
    }
  }
}
