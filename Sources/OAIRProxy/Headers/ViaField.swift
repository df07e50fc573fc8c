/// The Via field (RFC 9110 section 7.6.3), as far as it tells of this program.
enum ViaField {
  /// What this program calls itself there.
  static let pseudonym: StaticString = "oairouter"

  /// How often the pseudonym stands in a field's value.
  static func count(_ value: UnsafeRawBufferPointer) -> Int {
    let length = pseudonym.utf8CodeUnitCount
    let name = UnsafeRawBufferPointer(start: pseudonym.utf8Start, count: length)
    var count = 0
    var index = 0
    while index + length <= value.count {
      if value[index..<(index + length)].elementsEqual(name) {
        count += 1
        index += length
      } else {
        index += 1
      }
    }
    return count
  }
}
