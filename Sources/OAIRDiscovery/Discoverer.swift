public import OAIRRouting

/// Finds backends: in a configuration, in a container engine, in a name service.
///
/// A discoverer goes on for ever, through every trouble of what it watches: whether a backend can
/// be used is for its health to decide, not for the one who found it.
public protocol Discoverer: Sendable {
  /// Its name in logs, unique among the discoverers of a control plane.
  var name: String { get }
  /// What needs no finding: registered before the first request is served.
  var known: [Backend] { get }

  /// What it finds beyond `known`, from the beginning.
  ///
  /// Called once; ending the iteration ends its work.
  ///
  /// - Parameter client: the control plane's own, running: for those that ask over HTTP.
  func changes(using client: ControlClient) -> AsyncStream<DiscoveryChange>
}

extension Discoverer {
  /// None.
  public var known: [Backend] { [] }
}
