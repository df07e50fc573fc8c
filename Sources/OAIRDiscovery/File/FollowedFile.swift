import OAIRSys

/// A file that others write, and what becomes of it: version by version.
///
/// The file is watched, and so is every link on the way to it: a new version is seen when it is
/// renamed over the old one, when a link is turned to it, or when its writer closes it.
package struct FollowedFile: Sendable {
  /// What a look at the file has brought.
  package enum News: Sendable, Equatable {
    /// What is in it, whole.
    case contents([UInt8])
    /// It can't be read: why, in plain words.
    case unreadable(String)
    /// It can only be looked at now and then: why, in plain words.
    case unwatched(String)
    /// It's watched again.
    case watched
    /// A look is over, with news or without.
    case looked
  }

  /// The file's path.
  package let path: String
  private let recheck: Duration

  /// Names a file.
  ///
  /// - Parameters:
  ///   - path: of the file; a relative one starts at the working folder.
  ///   - recheck: time between two looks at the file when nothing was heard of it, as on network
  ///     file systems.
  package init(path: String, recheck: Duration = DiscoveryLimits.fileRecheck) {
    self.path = path
    self.recheck = recheck
  }

  /// What is there, and every change of it, until the iteration ends.
  ///
  /// - Parameter client: in whose loop notices are read; it must run.
  package func news(using client: ControlClient) -> AsyncStream<News> {
    let (stream, continuation) = AsyncStream.makeStream(of: News.self)
    let task = Task.detached {
      await follow(client, continuation)
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  private func follow(
    _ client: ControlClient,
    _ continuation: AsyncStream<News>.Continuation
  ) async {
    let (wakeUps, wake) = AsyncStream.makeStream(
      of: Void.self,
      bufferingPolicy: .bufferingNewest(1)
    )
    let watcher = makeWatcher(wake, continuation)
    let guest = watcher.flatMap { watcher in client.admit { watcher.guest } }
    var file = WatchedFile(path: path, watcher: watcher, news: continuation)
    wake.yield()
    await withTaskCancellationHandler {
      for await _ in wakeUps {
        let isSettled = await file.look()
        // Cancelled by the next turn, or when this task is.
        let pause = isSettled ? recheck : min(DiscoveryLimits.fileSettling, recheck)
        file.setAlarm(after: pause) { wake.yield() }
      }
    } onCancel: {
      wake.finish()
    }
    file.cancelAlarm()
    if let guest { client.dismiss(guest: guest) }
  }

  private func makeWatcher(
    _ wake: AsyncStream<Void>.Continuation,
    _ continuation: AsyncStream<News>.Continuation
  ) -> FolderWatcher? {
    do throws(SystemError) {
      return try FolderWatcher { wake.yield() }
    } catch {
      // Slower, but it goes on.
      continuation.yield(.unwatched("\(path) is only looked at every \(recheck): \(error)"))
      return nil
    }
  }
}
