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
  private var seam = PieceSeam()

  /// Looks into JSON, whatever the `Content-Type` calls it.
  init() {}

  /// Looks into a form.
  init(boundary: [UInt8]) { form = MultipartPeek(boundary: boundary) }

  /// Where the model's name is, as written.
  var modelRange: Range<Int>? { form.map { $0.modelRange } ?? json.modelRange }
  /// Whether the model is named more than once, always alike.
  var isModelRepeated: Bool { form.map { $0.isModelRepeated } ?? json.isModelRepeated }
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

  // MARK: Bodies that stream on

  /// Of the body, all of which was scanned so far, nothing is shown again: what comes is shown to
  /// `scanPiece`, and where the model stands stays what it is.
  mutating func beginPieces(behind body: UnsafeRawBufferPointer) {
    if form == nil {
      seam.begin(behind: body, &json)
    } else {
      withForm { seam, form in seam.begin(behind: body, &form) }
    }
  }

  mutating func scanPiece(_ piece: UnsafeRawBufferPointer) {
    guard isSound else { return }
    if form == nil {
      seam.show(piece, to: &json)
    } else {
      withForm { seam, form in seam.show(piece, to: &form) }
    }
  }

  /// All of a body of so many bytes has been shown.
  mutating func endPieces(at count: Int) {
    if form == nil { json.endPieces(at: count) } else { form?.endPieces(at: count) }
  }

  private mutating func withForm(_ work: (inout PieceSeam, inout MultipartPeek) -> Void) {
    guard var form else { return }
    work(&seam, &form)
    self.form = form
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
