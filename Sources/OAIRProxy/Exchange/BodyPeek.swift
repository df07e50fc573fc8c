import OAIRWire

/// Looks into a request body for its model: JSON, or a form.
struct BodyPeek: ~Copyable {
  /// Why a body can't be routed.
  enum Problem: Equatable {
    case json(JSONPeekError)
    case form(MultipartPeekError)
  }

  private var json = JSONPeek()
  private var form: MultipartPeek?

  /// Looks into JSON, whatever the `Content-Type` calls it.
  init() {}

  /// Looks into a form.
  init(boundary: [UInt8]) { form = MultipartPeek(boundary: boundary) }

  /// Where the model's name is, as written.
  var modelRange: Range<Int>? { form.map { $0.modelRange } ?? json.modelRange }
  var isModelEscaped: Bool { form == nil && json.isModelEscaped }
  /// Names stand in JSON strings, with their escapes, rather than in parts of a form as they are.
  var isJSON: Bool { form == nil }
  /// Where the id of the response stands that the request goes on from.
  var previousResponseRange: Range<Int>? { form == nil ? json.previousResponseRange : nil }
  var stream: Bool? { form.map { $0.stream } ?? json.stream }

  /// Whether there is none.
  var isSound: Bool { form == nil ? json.error == nil : problem == nil }

  var problem: Problem? {
    if let form { return form.error.map { .form($0) } }
    return json.error.map { .json($0) }
  }

  mutating func scan(_ body: UnsafeRawBufferPointer, isComplete: Bool) {
    if form == nil {
      json.scan(body, isComplete: isComplete)
    } else {
      form?.scan(body, isComplete: isComplete)
    }
  }

  /// Decodes the model's name; `JSONPeek.modelLimit` bytes of memory are always enough.
  func copyModel(
    from body: UnsafeRawBufferPointer,
    into memory: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard form != nil else { return json.copyModel(from: body, into: memory) }
    guard let modelRange, modelRange.upperBound <= body.count, modelRange.count <= memory.count
    else { return nil }
    memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: body[modelRange]))
    return modelRange.count
  }
}
