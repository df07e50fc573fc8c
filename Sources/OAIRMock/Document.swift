/// An answer in one piece.
struct Document: Equatable {
  var status = 200
  /// nil: the answer has no such field.
  var contentType: String?
  var body: [UInt8] = []
  /// Fields beside the usual ones.
  var fields: [MockField] = []

  static func json(_ body: [UInt8]) -> Document {
    Document(contentType: "application/json", body: body)
  }
}

/// A header field.
struct MockField: Equatable {
  var name: String
  var value: String
}
