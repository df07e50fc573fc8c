/// The backends of a file that others write: a script, a deployment, a Kubernetes ConfigMap.
///
/// The file is watched, and so is every link on the way to it: a new version takes effect when it
/// is renamed over the old one, when a link is turned to it, or when its writer closes it. It
/// counts as a whole: with a mistake in it, or without the file, the former backends stay.
public struct FileDiscoverer: Discoverer {
  /// Reads backends out of the file's bytes.
  ///
  /// Called on a thread of Swift's pool.
  public typealias Parse = @Sendable ([UInt8]) throws(DocumentError) -> [ConfiguredBackend]

  /// Its name in logs.
  public let name: String
  private let path: String
  private let recheck: Duration
  private let parse: Parse

  /// Names a file.
  ///
  /// - Parameters:
  ///   - path: of the file; a relative one starts at the working folder.
  ///   - name: its name in logs.
  ///   - recheck: time between two looks at the file when nothing was heard of it, as on network
  ///     file systems.
  ///   - parse: reads the file; JSON by default.
  public init(
    path: String,
    name: String = "file",
    recheck: Duration = DiscoveryLimits.fileRecheck,
    parse: @escaping Parse = Self.parseJSON
  ) {
    self.path = path
    self.name = name
    self.recheck = recheck
    self.parse = parse
  }

  /// Reads a JSON list of backends, or an object with such a list as `backends`.
  ///
  /// - Throws: `DocumentError` when anything in it is wrong.
  @Sendable
  public static func parseJSON(_ bytes: [UInt8]) throws(DocumentError) -> [ConfiguredBackend] {
    try BackendList.read(file: JSONDocument.parse(bytes))
  }

  /// Reads the file once, to find mistakes before a start.
  ///
  /// On the caller's thread, which may block.
  ///
  /// - Throws: `DocumentError` when the file can't be read or has a mistake in it.
  public func check() throws(DocumentError) {
    _ = try parse(try WholeFile.read(path))
  }

  /// The file's backends, version by version.
  public func changes(using client: ControlClient) -> AsyncStream<DiscoveryChange> {
    let (stream, continuation) = AsyncStream.makeStream(of: DiscoveryChange.self)
    let task = Task.detached {
      await follow(client, continuation)
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  private func follow(
    _ client: ControlClient,
    _ continuation: AsyncStream<DiscoveryChange>.Continuation
  ) async {
    let list = FollowedList(client, continuation)
    let reader = ListReader(path: path, parse: parse, list: list)
    for await news in FollowedFile(path: path, recheck: recheck).news(using: client) {
      reader.take(news)
    }
    list.close()
  }
}

/// Makes a list of what is in a file, and tells of what is wrong with it.
struct ListReader {
  let path: String
  let parse: FileDiscoverer.Parse
  let list: FollowedList

  func take(_ news: FollowedFile.News) {
    switch news {
    case .contents(let bytes):
      do throws(DocumentError) {
        list.replace(by: try parse(bytes))
        list.tell(.recovered(about: path))
      } catch {
        let place = error.line == nil ? "\(path): " : "\(path):"
        tell("\(place)\(error); the former backends stay")
      }
    case .unreadable(let reason):
      tell("\(path) can't be read: \(reason); the former backends stay")
    case .unwatched(let reason): list.tell(.troubled(reason, about: watch))
    case .watched:
      list.tell(.recovered(about: watch))
      list.tell(.watching(path))
    case .looked: list.complete()
    }
  }

  /// What a file that is only looked at is told about: it may be whole all the same.
  private var watch: String { "watch on \(path)" }

  private func tell(_ trouble: String) { list.tell(.troubled(trouble, about: path)) }
}
