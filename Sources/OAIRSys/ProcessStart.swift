import COAIRSys
import Glibc

/// How this process was started: everything that another one takes to be started in the same way.
public struct ProcessStart: Sendable {
  /// The path of the program, absolute; links on the way to it are left as they are, so that a new
  /// program under the same path is found.
  public let program: String
  /// What came behind it.
  public let arguments: [[CChar]]
  /// All variables, each `NAME=value`.
  public let environment: [[CChar]]

  /// Says how one was started; texts end with their NUL.
  public init(program: String, arguments: [[CChar]], environment: [[CChar]]) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
  }

  /// Remembers it: before the process changes its environment or its working directory, and before
  /// other threads exist.
  public static func remember() -> ProcessStart {
    ProcessStart(
      program: absolute(startedPath, in: workingFolder),
      arguments: texts(CommandLine.unsafeArgv, limit: Int(CommandLine.argc)).dropFirst().map { $0 },
      environment: texts(environ)
    )
  }

  /// These variables, without those of some names, and with others.
  ///
  /// - Parameters:
  ///   - names: the variables that are left out.
  ///   - others: `NAME=value`.
  public func environment(without names: Set<String>, with others: [String]) -> [[CChar]] {
    environment.filter { entry in
      let name = entry.prefix { $0 != 0 && $0 != CChar(bitPattern: UInt8(ascii: "=")) }
      return !names.contains(String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    } + others.map { Array($0.utf8CString) }
  }

  /// A path that doesn't depend on the working directory.
  static func absolute(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") ? path : folder + (folder.hasSuffix("/") ? "" : "/") + path
  }

  /// What execve(2) was given (AT_EXECFN, getauxval(3)).
  private static var startedPath: String {
    let address = getauxval(UInt(AT_EXECFN))
    // SAFETY: the kernel's copy of the path, which lives as long as the process; 0 for none.
    guard let text = UnsafePointer<CChar>(bitPattern: address) else { return "/proc/self/exe" }
    return String(cString: text)
  }

  private static var workingFolder: String {
    guard let folder = getcwd(nil, 0) else { return "/" }
    defer { free(folder) }
    return String(cString: folder)
  }

  /// Copies of texts up to a nil, each with its NUL.
  private static func texts(
    _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    limit: Int = .max
  ) -> [[CChar]] {
    var texts: [[CChar]] = []
    var next = pointers
    while texts.count < limit, let text = next.pointee {
      // SAFETY: a NUL-terminated text of the process's start.
      texts.append(Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1)))
      next += 1
    }
    return texts
  }
}
