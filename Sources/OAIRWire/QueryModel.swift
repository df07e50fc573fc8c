/// The `model` in a query string, which is read as a form's: percent-encoded, with `+` for a space
/// (WHATWG URL section 5.1).
///
/// Backends differ in which of several they take, in whether a name's case matters, and in whether
/// `;` parts parameters: what they could read differently is refused.
package enum QueryModel {
  /// What was found.
  package enum Result: Equatable {
    case none
    /// So many bytes of the decoded name were written; whether the query has it again.
    case model(Int, isRepeated: Bool)
    case tooLong
    /// Two values differ: where in the query the second one's parameter begins.
    case differing(offset: Int)
    /// Not everybody takes it for the model as it is written: where its parameter begins.
    case misspelled(offset: Int)
  }

  /// What a parameter's decoded name is.
  private enum Name { case model, inOtherCase, other }

  /// Finds the model and decodes its name.
  ///
  /// - Parameters:
  ///   - query: what follows the `?`.
  ///   - memory: room for the name; `JSONPeek.modelLimit` bytes are always enough.
  package static func find(
    in query: UnsafeRawBufferPointer,
    into memory: UnsafeMutableRawBufferPointer
  ) -> Result {
    var count: Int?
    var isRepeated = false
    var misspelled: Int?
    var isExact = false
    var parameters = Parameters(query)
    while let parameter = parameters.next() {
      let name = name(of: parameter, query)
      guard name != .other else { continue }
      let start = parameter.name.lowerBound
      if parameter.isBesideSemicolon { return .misspelled(offset: start) }
      var value = FormBytes(query, parameter.value)
      if let count {
        let first = UnsafeRawBufferPointer(rebasing: memory[..<count])
        guard value.equals(first) else { return .differing(offset: start) }
        isRepeated = true
      } else {
        guard let length = value.copy(into: memory) else { return .tooLong }
        count = length
      }
      if name == .model { isExact = true } else { misspelled = misspelled ?? start }
    }
    guard let count else { return .none }
    if !isExact, let misspelled { return .misspelled(offset: misspelled) }
    return count == 0 ? .none : .model(count, isRepeated: isRepeated)
  }

  /// Where the first `model`'s value stands, as it is written.
  package static func value(in query: UnsafeRawBufferPointer) -> Range<Int>? {
    var parameters = Parameters(query)
    while let parameter = parameters.next() {
      if name(of: parameter, query) == .model { return parameter.value }
    }
    return nil
  }

  private static func name(of parameter: Parameter, _ query: UnsafeRawBufferPointer) -> Name {
    let wanted: StaticString = "model"
    var bytes = FormBytes(query, parameter.name)
    var isExact = true
    for index in 0..<wanted.utf8CodeUnitCount {
      let letter = wanted.utf8Start[index]
      // No byte but a letter's other case becomes that letter so.
      guard let byte = bytes.next(), byte | 0x20 == letter else { return .other }
      isExact = isExact && byte == letter
    }
    guard bytes.next() == nil else { return .other }
    return isExact ? .model : .inOtherCase
  }

  /// A name and its value, as written; without a `=` the value is empty.
  private struct Parameter {
    let name: Range<Int>
    let value: Range<Int>
    /// Before or behind it stands a `;`.
    let isBesideSemicolon: Bool
  }

  /// What `&` and `;` part.
  private struct Parameters {
    private let query: UnsafeRawBufferPointer
    private var start = 0

    init(_ query: UnsafeRawBufferPointer) { self.query = query }

    mutating func next() -> Parameter? {
      guard start < query.count else { return nil }
      var end = start
      var equals: Int?
      while end < query.count, query[end] != UInt8(ascii: "&"), query[end] != Self.semicolon {
        if equals == nil, query[end] == UInt8(ascii: "=") { equals = end }
        end += 1
      }
      defer { start = end + 1 }
      return Parameter(
        name: start..<(equals ?? end),
        value: (equals.map { $0 + 1 } ?? end)..<end,
        isBesideSemicolon: end < query.count && query[end] == Self.semicolon
          || start > 0 && query[start - 1] == Self.semicolon
      )
    }

    private static let semicolon = UInt8(ascii: ";")
  }

  /// The decoded bytes of a name or a value.
  private struct FormBytes {
    private let query: UnsafeRawBufferPointer
    private var index: Int
    private let end: Int

    init(_ query: UnsafeRawBufferPointer, _ range: Range<Int>) {
      self.query = query
      index = range.lowerBound
      end = range.upperBound
    }

    mutating func next() -> UInt8? {
      guard index < end else { return nil }
      if let byte = PercentDecoding.byte(query, at: index, before: end) {
        index += 3
        return byte
      }
      let byte = query[index]
      index += 1
      return byte == Byte.plus ? Byte.space : byte
    }

    /// - Returns: how many bytes were written, nil if they are more than a model's name has.
    mutating func copy(into memory: UnsafeMutableRawBufferPointer) -> Int? {
      var count = 0
      while let byte = next() {
        guard count < min(JSONPeek.modelLimit, memory.count) else { return nil }
        memory[count] = byte
        count += 1
      }
      return count
    }

    mutating func equals(_ text: UnsafeRawBufferPointer) -> Bool {
      for byte in text where next() != byte { return false }
      return next() == nil
    }
  }
}
