import Glibc
import OAIRDiscovery
import OAIRouter

/// Files with secrets.
enum KeyFile {
  /// LIMIT: bytes that one may have.
  private static let limit = 8192

  /// Reads an admin key.
  ///
  /// - Parameter path: its file; white space around the key doesn't count.
  /// - Throws: `CommandFailure` when there is no key in it.
  static func read(_ path: String) throws(CommandFailure) -> String {
    let key = try secret(path)
    guard AdminKey(key) != nil else {
      throw CommandFailure(
        "the key file \(path) has no valid key: one is \(AdminKey.shortest) to "
          + "\(AdminKey.longest) visible ASCII characters; make one with 'openssl rand -hex 32'",
        exitCode: CommandFailure.badUsage
      )
    }
    return key
  }

  /// Reads whatever somebody else has given as a key.
  ///
  /// - Parameter path: its file; white space around the key doesn't count.
  /// - Throws: `CommandFailure` when the file can't be read, or isn't a regular one: a FIFO gives
  ///   its secret once, and a key is read again at each reload.
  static func secret(_ path: String) throws(CommandFailure) -> String {
    let bytes: [UInt8]
    do throws(FileTrouble) { bytes = try WholeFile.contents(path, limit: limit) } catch {
      let isThere = access(path, R_OK) == 0
      let reason = isThere ? error.reason : "check that it exists and that this user may read it"
      throw CommandFailure(
        "the key file \(path) can't be read: \(reason)",
        exitCode: CommandFailure.badUsage
      )
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.trimmingCharacters { $0.isWhitespace || $0.isNewline }
  }
}

extension String {
  fileprivate func trimmingCharacters(_ isTrimmed: (Character) -> Bool) -> String {
    var rest = self[...].drop(while: isTrimmed)
    while let last = rest.last, isTrimmed(last) { rest = rest.dropLast() }
    return String(rest)
  }
}
