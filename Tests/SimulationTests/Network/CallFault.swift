import Glibc

/// The calls of the router's that can fail.
enum FallibleCall: CaseIterable {
  case watch, accept, connect, connectError, receive, send
}

/// Lets one call of a run fail, and counts how many there were.
final class CallFault {
  let call: FallibleCall
  /// Which of them, from 0; one that never comes leaves the run alone.
  let index: Int
  private(set) var calls = 0
  private(set) var hasFailed = false

  init(_ call: FallibleCall, index: Int) {
    self.call = call
    self.index = index
  }

  /// True for the one that fails.
  func meets(_ call: FallibleCall) -> Bool {
    guard call == self.call else { return false }
    calls += 1
    guard calls - 1 == index else { return false }
    hasFailed = true
    return true
  }

  /// What the kernel says then: each in turn of what Linux may say.
  var code: Int32 {
    let codes: [Int32] =
      switch call {
      case .watch: [ENOSPC, ENOMEM]
      case .accept: [EMFILE, ENFILE, ENOBUFS]
      case .connect: [EADDRNOTAVAIL, ENETUNREACH, EMFILE, EPERM]
      case .connectError: [ETIMEDOUT, EHOSTUNREACH, ECONNREFUSED]
      case .receive: [ETIMEDOUT, ECONNRESET, ENOMEM, EHOSTUNREACH]
      case .send: [ETIMEDOUT, EPIPE, ENOBUFS, ECONNRESET]
      }
    return codes[index % codes.count]
  }
}
