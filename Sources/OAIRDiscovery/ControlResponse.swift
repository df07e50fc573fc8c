/// A complete response.
public struct ControlResponse: Sendable, Equatable {
  /// The status code, 200…599.
  public var status: Int
  /// The `Server` field, if there is one.
  public var server: String?
  /// The `Api-Version` field of container engines, if there is one.
  public var apiVersion: String?
  /// The body, dechunked.
  public var body: [UInt8]

  /// Makes a response.
  public init(
    status: Int,
    server: String? = nil,
    apiVersion: String? = nil,
    body: [UInt8] = []
  ) {
    self.status = status
    self.server = server
    self.apiVersion = apiVersion
    self.body = body
  }
}
