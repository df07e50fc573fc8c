/// Why a backend that answers has no list of models that can be used.
public enum ListingTrouble: Sendable, Equatable, CustomStringConvertible {
  /// The request for it was answered with this status, another one than 200.
  case status(Int)
  /// What came is no list of models.
  case noList

  /// As operators are told.
  public var description: String {
    switch self {
    case .status(401), .status(403):
      "\(answered): set the key that it wants (api_key, api_key_file), or name its models (models)"
    case .status(404): "\(answered): name its models (models), or is it no engine at all?"
    case .status: answered
    case .noList: "what it answers at /v1/models is no list of models: is it an engine?"
    }
  }

  private var answered: String {
    guard case .status(let status) = self else { return "" }
    return "its list of models was refused with status \(status)"
  }
}
