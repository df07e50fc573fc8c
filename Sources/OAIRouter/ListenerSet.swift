import Glibc
import OAIRSys
import Synchronization

/// The listeners between their opening and the data plane's start.
///
/// Whoever doesn't run its router gets them closed.
final class ListenerSet: Sendable {
  let addresses: [SocketAddress]
  /// What is held of each, in the same order.
  let holds: [ListenerHold]
  private let descriptors: Mutex<[FileDescriptor]>

  /// Opens all, or none.
  init(_ options: RouterOptions) throws(RouterError) {
    var opened: [FileDescriptor] = []
    var addresses: [SocketAddress] = []
    var holds: [ListenerHold] = []
    do throws(RouterError) {
      for address in options.listen {
        let socket = try Self.open(address, options)
        addresses.append(socket.address)
        opened.append(socket.release())
        holds.append(try Self.hold(opened, addresses, options, isOwn: true))
      }
      for listener in options.listeners {
        let socket = try Self.duplicate(listener)
        addresses.append(socket.address)
        opened.append(socket.release())
        let isOwn = options.adoptedListeners.contains(listener)
        holds.append(try Self.hold(opened, addresses, options, isOwn: isOwn))
      }
    } catch {
      for descriptor in opened { _ = OwnedFD(owning: descriptor) }
      throw error
    }
    self.addresses = addresses
    self.holds = holds
    descriptors = Mutex(opened)
  }

  /// What is held of the newest one.
  private static func hold(
    _ opened: [FileDescriptor],
    _ addresses: [SocketAddress],
    _ options: RouterOptions,
    isOwn: Bool
  ) throws(RouterError) -> ListenerHold {
    do throws(SystemError) {
      return try ListenerHold(
        opened[opened.count - 1],
        .clients,
        file: isOwn ? ListenerHold.file(addresses[addresses.count - 1]) : nil,
        isKept: options.upgrade != nil
      )
    } catch { throw .system(error) }
  }

  private static func duplicate(
    _ listener: FileDescriptor
  ) throws(RouterError) -> ListeningSocket {
    do throws(SystemError) {
      return try ListeningSocket(duplicating: listener)
    } catch { throw .listener(listener, error) }
  }

  private static func open(
    _ address: SocketAddress,
    _ options: RouterOptions
  ) throws(RouterError) -> ListeningSocket {
    do throws(SystemError) {
      return try ListeningSocket(address)
    } catch {
      guard error.errno == .addressInUse, options.listen.count == 1,
        options.fallbackPort != nil
      else { throw .listen(address, error) }
    }
    let second = address.with(port: options.fallbackPort ?? 0)
    do throws(SystemError) {
      return try ListeningSocket(second)
    } catch { throw .listen(second, error) }
  }

  deinit {
    for descriptor in release() { _ = OwnedFD(owning: descriptor) }
  }

  /// Gives the listeners to several owners: each gets descriptors of its own.
  ///
  /// - Throws: `SystemError` when there are no more; all are closed then.
  func release(copies: Int) throws(SystemError) -> [[FileDescriptor]] {
    var all = [release()]
    do throws(SystemError) {
      for _ in 1..<copies {
        all.append([])
        for descriptor in all[0] {
          all[all.count - 1].append(try ListeningSocket(duplicating: descriptor).release())
        }
      }
    } catch {
      for descriptor in all.joined() { _ = OwnedFD(owning: descriptor) }
      throw error
    }
    return all
  }

  /// Gives the descriptors to a new owner.
  func release() -> [FileDescriptor] {
    descriptors.withLock { descriptors in
      defer { descriptors = [] }
      return descriptors
    }
  }
}
