/// The members of a JSON object, by name: the last of those with one name counts.
///
/// What isn't of the type asked for counts as absent. For the control plane.
struct JSONFields {
  /// All members in their order.
  let members: [(key: String, value: Range<Int>)]
  private let bytes: UnsafeRawBufferPointer

  /// Reads an object.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, which the caller has checked.
  ///   - range: the part; by default everything.
  /// - Returns: nil when it isn't exactly one valid object.
  init?(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>? = nil) {
    var slicer = JSONSlicer(bytes, in: range)
    guard let members = slicer.members() else { return nil }
    self.members = members
    self.bytes = bytes
  }

  func string(_ key: String) -> String? { range(key).flatMap(string(at:)) }

  func object(_ key: String) -> JSONFields? { range(key).flatMap(object(at:)) }

  /// The ranges of an array's elements; none when there is no such array.
  func array(_ key: String) -> [Range<Int>] {
    guard let range = range(key) else { return [] }
    var slicer = JSONSlicer(bytes, in: range)
    return slicer.elements() ?? []
  }

  /// A number of 1…65535.
  func port(_ key: String) -> UInt16? {
    guard let range = range(key),
      let number = UInt16(String(decoding: bytes[range], as: UTF8.self)), number > 0
    else { return nil }
    return number
  }

  func string(at range: Range<Int>) -> String? { JSONSlicer(bytes, in: range).string() }

  func object(at range: Range<Int>) -> JSONFields? { JSONFields(bytes, in: range) }

  private func range(_ key: String) -> Range<Int>? { members.last { $0.key == key }?.value }
}
