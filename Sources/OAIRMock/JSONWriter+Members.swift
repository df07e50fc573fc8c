import OAIRWire

extension JSONWriter {
  /// A member whose value is a text.
  mutating func member(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  /// A member whose value is a whole number.
  mutating func member(_ name: String, _ value: Int) {
    key(name)
    int(value)
  }

  /// A member whose value is a number with a fraction.
  mutating func member(_ name: String, _ value: Double) {
    key(name)
    raw("\(value)".utf8)
  }

  /// A member whose value is true or false.
  mutating func member(_ name: String, _ value: Bool) {
    key(name)
    bool(value)
  }

  /// Members whose values are null.
  mutating func nulls(_ names: String...) {
    for name in names {
      key(name)
      null()
    }
  }

  /// An object as the value of a member, or as the whole text.
  mutating func object(_ name: String? = nil, _ members: (inout JSONWriter) -> Void) {
    if let name { key(name) }
    beginObject()
    members(&self)
    endObject()
  }

  /// An array as the value of a member.
  mutating func array(_ name: String, _ elements: (inout JSONWriter) -> Void) {
    key(name)
    beginArray()
    elements(&self)
    endArray()
  }

  /// The bytes of an object.
  static func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.object(nil, members)
    return writer.bytes
  }
}
