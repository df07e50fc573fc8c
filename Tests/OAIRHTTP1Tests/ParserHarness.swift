import OAIRHTTP1
import Testing

/// A field as text, to compare tables with.
struct FieldText: Equatable {
  var name: String
  var value: String
  var known: KnownField
  var isNamedByConnection: Bool
}

/// What a parser said, with the table's contents where there is a head.
enum Outcome<Head: Equatable & Sendable>: Equatable {
  case needMore
  case head(Head, [FieldText])
  case failed(HTTP1Error)
}

/// Runs a parser over the same bytes in every way in which they can arrive.
///
/// Every run reads from memory that ends at a page that can't be touched.
struct ParserHarness<Head: Equatable & Sendable> {
  typealias Parse = (UnsafeRawBufferPointer, Int, inout HeadTable, HTTP1Limits) -> HeadParse<Head>

  let limits: HTTP1Limits
  let parse: Parse

  /// Parses the bytes whole, at every split into two reads and byte by byte, and expects the same
  /// from each.
  ///
  /// - Parameter step: distance of the splits; more than 1 for large inputs only.
  /// - Returns: what parsing them whole gave.
  func outcome(_ bytes: [UInt8], step: Int = 1) throws -> Outcome<Head> {
    let memory = try GuardedMemory(capacity: bytes.count + Self.ending.count)
    var table = HeadTable(capacity: limits.fields)
    let whole = run(bytes[...], 0, memory, &table)
    var previous = 0
    var trickled = Outcome<Head>.needMore
    for count in stride(from: step, through: bytes.count, by: step) + [bytes.count] {
      let prefix = run(bytes[..<count], 0, memory, &table)
      // A prefix may leave the verdict open, never give another one.
      #expect(prefix == .needMore || prefix == whole, "the first \(count) bytes")
      if prefix == .needMore && count < bytes.count {
        let resumed = resume(bytes, after: count, whole, memory, &table)
        #expect(resumed == whole, "all, after \(count) bytes")
      }
      guard trickled == .needMore else { continue }
      trickled = run(bytes[..<count], previous, memory, &table)
      #expect(trickled == .needMore || trickled == whole, "\(step) at a time, at \(count) bytes")
      previous = count
    }
    if trickled == .needMore {
      trickled = resume(bytes, after: bytes.count, whole, memory, &table)
    }
    #expect(trickled == whole, "\(step) at a time")
    return whole
  }

  /// What ends any head.
  private static var ending: [UInt8] { [0x0D, 0x0A, 0x0D, 0x0A] }

  /// Parses with the bytes behind the count being new.
  ///
  /// A refusal, and nothing else, may be put off until the head ends.
  private func resume(
    _ bytes: [UInt8],
    after count: Int,
    _ whole: Outcome<Head>,
    _ memory: GuardedMemory,
    _ table: inout HeadTable
  ) -> Outcome<Head> {
    let outcome = run(bytes[...], count, memory, &table)
    guard case .failed = whole, outcome == .needMore else { return outcome }
    return run((bytes + Self.ending)[...], bytes.count, memory, &table)
  }

  private func run(
    _ bytes: ArraySlice<UInt8>,
    _ previouslyScanned: Int,
    _ memory: GuardedMemory,
    _ table: inout HeadTable
  ) -> Outcome<Head> {
    memory.withBytes(bytes) { buffer in
      switch parse(buffer, previouslyScanned, &table, limits) {
      case .needMore: return .needMore
      case .failed(let error):
        #expect(error.offset >= 0 && error.offset <= buffer.count, "offset of \(error.kind)")
        return .failed(error)
      case .head(let head):
        let fields = (0..<table.count).map { index in
          FieldText(
            name: text(buffer, table[index].name),
            value: text(buffer, table[index].value),
            known: table[index].known,
            isNamedByConnection: table[index].isNamedByConnection
          )
        }
        return .head(head, fields)
      }
    }
  }
}

extension ParserHarness where Head == RequestHead {
  /// A harness for requests.
  static func requests(_ limits: HTTP1Limits = HTTP1Limits()) -> Self {
    ParserHarness(limits: limits) { bytes, scanned, table, limits in
      RequestHeadParser.parse(bytes, previouslyScanned: scanned, into: &table, limits: limits)
    }
  }
}

extension ParserHarness where Head == ResponseHead {
  /// A harness for responses.
  static func responses(
    to method: HTTPMethod = .post,
    allowsUpgrade: Bool = false,
    _ limits: HTTP1Limits = HTTP1Limits()
  ) -> Self {
    ParserHarness(limits: limits) { bytes, scanned, table, limits in
      ResponseHeadParser.parse(
        bytes,
        previouslyScanned: scanned,
        requestMethod: method,
        into: &table,
        limits: limits,
        allowsUpgrade: allowsUpgrade
      )
    }
  }
}

/// The text of a range of a head.
func text(_ bytes: UnsafeRawBufferPointer, _ range: ByteRange) -> String {
  String(decoding: bytes[range.range], as: UTF8.self)
}

/// The text of a range of a head.
func text(_ source: String, _ range: ByteRange) -> String {
  String(decoding: Array(source.utf8)[range.range], as: UTF8.self)
}

/// Parses a request in every way and expects a head.
func requireRequest(
  _ source: String,
  limits: HTTP1Limits = HTTP1Limits(),
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> (head: RequestHead, fields: [FieldText]) {
  let outcome = try ParserHarness.requests(limits).outcome(Array(source.utf8))
  guard case .head(let head, let fields) = outcome else {
    throw NoHead(outcome: "\(outcome)", source: source)
  }
  return (head, fields)
}

/// Parses a response in every way and expects a head.
func requireResponse(
  _ source: String,
  to method: HTTPMethod = .post,
  allowsUpgrade: Bool = false
) throws -> (head: ResponseHead, fields: [FieldText]) {
  let outcome = try ParserHarness.responses(to: method, allowsUpgrade: allowsUpgrade)
    .outcome(Array(source.utf8))
  guard case .head(let head, let fields) = outcome else {
    throw NoHead(outcome: "\(outcome)", source: source)
  }
  return (head, fields)
}

/// A head was expected, and something else came.
struct NoHead: Error {
  var outcome: String
  var source: String
}

/// A message that must be refused, and for which reason.
struct Refusal: Sendable, CustomTestStringConvertible {
  var bytes: [UInt8]
  var kind: HTTP1Error.Kind

  init(_ source: String, _ kind: HTTP1Error.Kind) {
    bytes = Array(source.utf8)
    self.kind = kind
  }

  init(bytes: [UInt8], _ kind: HTTP1Error.Kind) {
    self.bytes = bytes
    self.kind = kind
  }

  var testDescription: String {
    let shown = String(decoding: bytes.prefix(120), as: UTF8.self)
    return "\(kind): \(shown.debugDescription)"
  }
}
