import FoundationEssentials
import OAIRouter

/// The routers that run here, by what their admin listeners tell.
enum RunningRouters {
  /// How long one may take to answer.
  private static let limit = Duration.seconds(5)

  /// Where they listen for clients, as `SocketAddress` describes it.
  ///
  /// - Parameters:
  ///   - admin: where the router in question has its admin listener.
  ///   - key: what that one wants to be shown.
  static func listeners(admin: AdminOptions.Place, key: String?) -> Set<String> {
    let places: [SocketAddress]
    switch admin {
    case .off, .listener: places = []
    case .at(let address): places = [address]
    case .automatic: places = AdminFolder.running()
    }
    return Set(places.flatMap { listeners(of: $0, key) })
  }

  private static func listeners(of place: SocketAddress, _ key: String?) -> [String] {
    guard let answer = try? fetch("/admin/status", place, key: key), answer.status == 200,
      let status = try? JSONDecoder().decode(AdminStatus.self, from: Data(answer.body))
    else { return [] }
    return status.listen.map { $0.replacing("http://", with: "") }
  }

  /// Asks whoever listens at an address.
  static func fetch(
    _ path: String,
    _ address: SocketAddress,
    key: String? = nil
  ) throws(CommandFailure) -> ControlResponse {
    try BlockingClient.fetch("\(address)") { () async throws(CommandFailure) in
      var request = ControlRequest(
        path,
        address: address,
        host: address.port == nil ? "localhost" : "\(address)",
        timeout: limit
      )
      request.key = key
      return request
    }
  }
}
