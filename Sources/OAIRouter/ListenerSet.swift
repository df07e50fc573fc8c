import Glibc
import OAIRSys
import Synchronization

/// The listeners between their opening and the data plane's start.
///
/// Whoever doesn't run its router gets them closed.
final class ListenerSet: Sendable {
  let addresses: [SocketAddress]
  /// Those that weren't opened by the program itself.
  private let ownAddresses: [SocketAddress]
  private let descriptors: Mutex<[FileDescriptor]>

  /// Opens all, or none.
  init(_ options: RouterOptions) throws(RouterError) {
    var opened: [FileDescriptor] = []
    var addresses: [SocketAddress] = []
    var ownAddresses: [SocketAddress] = []
    do throws(RouterError) {
      for address in options.listen {
        let socket = try Self.open(address, options)
        addresses.append(socket.address)
        opened.append(socket.release())
      }
      ownAddresses = addresses
      for listener in options.listeners {
        let socket = try Self.duplicate(listener)
        addresses.append(socket.address)
        opened.append(socket.release())
      }
    } catch {
      for descriptor in opened { _ = OwnedFD(owning: descriptor) }
      throw error
    }
    self.addresses = addresses
    self.ownAddresses = ownAddresses
    descriptors = Mutex(opened)
  }

  /// A unix socket's file outlives its listener, and would look like a server to others.
  ///
  /// Once the listeners are closed.
  func removeFiles() {
    for case .unix(let path) in ownAddresses { unlink(path) }
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

  /// Gives the descriptors to a new owner.
  func release() -> [FileDescriptor] {
    descriptors.withLock { descriptors in
      defer { descriptors = [] }
      return descriptors
    }
  }
}
