/// The bounds of the control plane.
public enum DiscoveryLimits {
  /// Connections of the control client at one time; further requests wait for one to end.
  public static let connections = 1_024
  /// Requests that wait for a connection; beyond them a request fails as `exhausted`.
  public static let waitingRequests = 16_384
  /// Bytes of a control response's body.
  public static let body = 4 << 20
  /// Pieces that a streamed response may be ahead of its reader.
  ///
  /// Beyond them it is cut: a piece left out would be a change missed.
  public static let streamPieces = 256
  /// Descriptors of the discoverers that live in the control plane's loop.
  static let guestDescriptors = 256
  /// Reads from one connection before the others get their turn.
  static let readsPerTurn = 16
  /// Bytes of the read buffer that all connections share.
  static let readBuffer = 64 << 10
  /// Levels of brackets in a JSON answer.
  static let jsonDepth = 128
  /// Time between two resolutions of a configured name.
  public static let resolveInterval = Duration.seconds(30)
  /// How long a resolution may take; longer than a name service's own two tries at one server.
  public static let resolveTimeout = Duration.seconds(12)
  /// How long a new configuration waits for its names before it takes effect without them.
  static let nameWait = Duration.seconds(2)
  /// When a backend that the registry has refused is offered to it again: another one
  /// may have made room.
  public static let refusedRetry = Duration.seconds(30)
  /// Names that are looked up at one time, each on a thread of its own; further ones fail.
  static let lookups = 64
  /// The first pause after a resolution that failed; doubled up to `resolveInterval`.
  public static let resolveRetry = Duration.seconds(1)

  // MARK: - Local ports

  /// Time between two looks at a local port where nothing was found.
  public static let portScanInterval = Duration.seconds(2)
  /// How long a local port may take to answer.
  public static let portScanTimeout = Duration.seconds(1)

  // MARK: - Container engines

  /// Bytes of a container engine's list; each container takes 1 to 4 KiB.
  public static let containerList = 32 << 20
  /// Containers taken from a list; what follows is ignored, and said so.
  public static let containers = 4_096
  /// Ports taken of a container.
  static let containerPorts = 256
  /// Networks taken of a container.
  static let containerNetworks = 64
  /// Bytes of a label's value; a container with a longer one isn't used.
  public static let label = 4_096
  /// Bytes of an event; a longer one is skipped, and everything is listed anew.
  public static let eventLine = 64 << 10
  /// Containers that are asked for at a time, after events.
  static let containersPerQuestion = 32
  /// When a container is looked at again that an event calls usable and the list doesn't.
  static let looksAgain: [Duration] = [.milliseconds(20), .milliseconds(200), .seconds(2)]
  /// Events and answers that may wait to be taken in; beyond them everything is listed anew.
  static let waitingEvents = 4_096
  /// Changes that may wait for the registry; beyond them everything is told anew.
  static let waitingChanges = 16_384
  /// How long a container engine may take to answer a question.
  public static let engineTimeout = Duration.seconds(10)
  /// The first pause after a container engine was lost; doubled up to `dockerRetry`.
  static let firstDockerRetry = Duration.milliseconds(50)
  /// The longest pause between two tries to reach a container engine.
  ///
  /// A try that fails costs microseconds; a container is found late by so much.
  public static let dockerRetry = Duration.milliseconds(500)
  /// Time between two lists that are asked for though nothing has happened.
  ///
  /// They find what no event told, and an engine that is gone without closing its connection.
  public static let dockerListInterval = Duration.seconds(60)
  /// Time from subscribing to a list that is asked for once more.
  static let secondList = Duration.seconds(2)
  /// The same where an engine's events can't be had.
  public static let dockerPollInterval = Duration.seconds(5)

  // MARK: - Watched files

  /// Bytes of a file of backends.
  public static let backendFile = 1 << 20
  /// Time between two looks at a watched file that nothing was heard of.
  ///
  /// Network file systems tell nothing.
  public static let fileRecheck = Duration.seconds(10)
  /// How long a file must have been left alone when nothing says that its writer has finished.
  static let fileSettling = Duration.seconds(1)
  /// Looks at a path that is led elsewhere again and again while it's looked at.
  static let trailChecks = 3

  // MARK: - Name services

  /// The least time between two questions for one name, whatever its records say.
  public static let dnsLeastPause = Duration.seconds(1)
  /// The longest.
  public static let dnsLongestPause = Duration.seconds(300)
  /// The longest when there was nothing, or nobody could tell.
  public static let dnsNegative = Duration.seconds(30)
  /// Hosts of one service; what follows is ignored.
  static let dnsTargets = 1_024
  /// How long one name server may take for an answer, in milliseconds.
  static let dnsTimeoutMilliseconds: Int32 = 2_000
  /// Rounds over all name servers.
  static let dnsRounds: Int32 = 2
}
