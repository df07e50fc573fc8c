import Glibc

/// The number that a failed system call left in `errno`.
public struct Errno: Error, Equatable, Hashable, Sendable {
  /// The raw number, as in errno(3).
  public let code: Int32

  /// Wraps a raw number.
  public init(_ code: Int32) { self.code = code }

  /// The calling thread's `errno`, read directly after a call that failed.
  static var current: Errno { Errno(Glibc.errno) }

  /// The C library's text for it, such as "Connection refused".
  public var text: String {
    guard let message = strerror(code) else { return "error \(code)" }
    return String(cString: message)
  }

  /// ECONNREFUSED: nobody listens there.
  public static let connectionRefused = Errno(ECONNREFUSED)
  /// ECONNRESET: the peer sent a RST.
  public static let connectionReset = Errno(ECONNRESET)
  /// EPIPE: the peer no longer reads.
  public static let brokenPipe = Errno(EPIPE)
  /// ETIMEDOUT: no answer from the peer's kernel.
  public static let timedOut = Errno(ETIMEDOUT)
  /// EMFILE: this process is at its descriptor limit.
  public static let tooManyOpenFiles = Errno(EMFILE)
  /// ENFILE: the system is at its descriptor limit.
  public static let tooManyOpenFilesInSystem = Errno(ENFILE)
  /// EADDRINUSE: somebody else listens there.
  public static let addressInUse = Errno(EADDRINUSE)
  /// EADDRNOTAVAIL: the address is no interface's.
  public static let addressNotAvailable = Errno(EADDRNOTAVAIL)
  /// EACCES: no permission.
  public static let accessDenied = Errno(EACCES)
  /// ENOENT: a path leads nowhere.
  public static let noSuchFile = Errno(ENOENT)
  /// EROFS: nothing can be made there.
  public static let readOnlyFileSystem = Errno(EROFS)

  /// True when a connect's error is a fact about the other side: nobody listens, or no way leads
  /// there.
  public var saysNobodyIsThere: Bool {
    switch code {
    // ENOENT: a unix socket's file is gone.
    case ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENOENT: true
    default: false
    }
  }

  /// True when the error tells of exhausted descriptors or kernel memory, which passes by itself.
  public var isExhaustion: Bool {
    code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM
  }
}

/// A system call that failed: which one, and why.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call's name, as in section 2 of the manual.
  public let call: StaticStringName
  /// What it left in `errno`.
  public let errno: Errno

  /// Names the call that failed and the reason.
  public init(_ call: StaticString, _ errno: Errno) {
    self.call = StaticStringName(call)
    self.errno = errno
  }

  /// "bind: Address already in use (98)".
  public var description: String { "\(call.text): \(errno.text) (\(errno.code))" }
}

/// A `StaticString` that can be compared; errors carry one, so that making them allocates nothing.
public struct StaticStringName: Equatable, Sendable {
  private let name: StaticString

  init(_ name: StaticString) { self.name = name }

  /// The name as text.
  public var text: String { name.description }

  /// Equal when the texts are.
  public static func == (a: StaticStringName, b: StaticStringName) -> Bool { a.text == b.text }
}
