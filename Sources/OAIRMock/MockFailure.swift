/// Everything that a fake backend refuses.
enum MockFailure: Equatable {
  case unknownModel(String, known: [String])
  case unknownPath(method: String, path: String)
  case wrongMethod(method: String, path: String, allowed: String)
  case wrongContentType
  case invalidJSON(JSONFault)
  case missingMember(String)
  case loading
  /// No slot is free and the queue is full.
  case overloaded
  /// A status that a fault or a limit asks for.
  case status(Int, message: String, retryAfterSeconds: Int?)
}
