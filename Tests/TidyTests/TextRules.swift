/// Words that may not stand in certain places, and what stands there instead.
struct TextRules {
  /// One banned text.
  struct Ban: Sendable {
    /// Whether the text is looked for in code only, or in comments and strings as well.
    enum Place: Sendable { case code, anywhere }

    let text: String
    let place: Place
    let instead: String
    /// The targets it is banned from; nil: all.
    let targets: Set<String>?

    init(_ text: String, _ place: Place = .code, in targets: Set<String>? = nil, instead: String) {
      self.text = text
      self.place = place
      self.targets = targets
      self.instead = instead
    }
  }

  /// Targets that run on the reactor's thread or below it, and may never suspend.
  static let dataPlane: Set<String> = ["OAIRSys", "OAIRHTTP1", "OAIRWire", "OAIRProxy"]
  static let program = "oairouter"

  static let sources: [Ban] = [
    Ban("import Foundation", instead: "import Glibc, or FoundationEssentials above L2"),
    Ban("try!", instead: "handle the error, or say by typed throws that there is none"),
    Ban("as!", instead: "use a generic, or `as?` with an answer for the other case"),
    Ban("DispatchSemaphore", instead: "hand the value over through a mailbox or an actor"),
    Ban("usleep(", instead: "arm a timer"),
    Ban("nanosleep(", instead: "arm a timer"),
    Ban("TO" + "DO", .anywhere, instead: "do it, or file it and leave the code without"),
    Ban("FIX" + "ME", .anywhere, instead: "fix it, or file it and leave the code without"),
    Ban("await", in: dataPlane, instead: "the data plane never suspends: post to a mailbox"),
    Ban("Task", in: dataPlane, instead: "the data plane starts no task: post to a mailbox"),
    Ban("static let shared", instead: "pass the instance to whom uses it"),
    Ban("static let `default`", instead: "pass the instance to whom uses it"),
  ]

  /// Library code hands text to its caller or to the log; the program alone prints.
  static let libraries: [Ban] = [
    Ban("print(", instead: "return the text, or log it: only the program prints"),
    Ban("debugPrint(", instead: "return the text, or log it: only the program prints"),
    Ban("exit(", instead: "return an error: only the program decides about exiting"),
  ]

  static let swiftTests: [Ban] = [
    Ban("sleep(", instead: "wait for the condition itself, with a deadline"),
    Ban("usleep(", instead: "wait for the condition itself, with a deadline"),
    Ban("nanosleep(", instead: "wait for the condition itself, with a deadline"),
    Ban("Task.sleep", instead: "wait for the condition itself, with a deadline"),
  ]

  static let pythonTests: [Ban] = [
    Ban("time.sleep", .anywhere, instead: "use waiting.wait_until with a condition"),
    Ban("asyncio.sleep", .anywhere, instead: "await the condition itself, with a deadline"),
    Ban("from time import", .anywhere, instead: "import time, so that a use shows its origin"),
  ]

  static func checkSource(_ file: TextFile) -> [Finding] {
    guard let target = file.target else { return [] }
    let bans = target == program ? sources : sources + libraries
    return check(file, bans.filter { $0.targets?.contains(target) ?? true })
      + checkGlobals(file) + checkUnsafe(file)
  }

  static func check(_ file: TextFile, _ bans: [Ban]) -> [Finding] {
    let present = bans.filter { file.text.contains($0.text) }
    guard !present.isEmpty else { return [] }
    let raw = file.lines.map(String.init)
    let code = file.path.hasSuffix(".swift") ? SwiftMask(file.text).lines : raw
    var findings: [Finding] = []
    for ban in present {
      for (index, line) in (ban.place == .code ? code : raw).enumerated()
      where hasWord(ban.text, line) && !isMember(ban, line) {
        findings.append(
          Finding(
            path: file.path,
            line: index + 1,
            what: "'\(ban.text)' is not used here",
            instead: ban.instead
          )
        )
      }
    }
    return findings
  }

  /// Whether each use of a banned function is in truth a member or a declaration of that name.
  private static func isMember(_ ban: Ban, _ line: String) -> Bool {
    guard ban.text.hasSuffix("(") else { return false }
    return hasWord("." + ban.text, line) || hasWord("func " + ban.text, line)
  }

  /// A `var` that isn't inside any type or function is a global; so is a stored `static var`.
  static func checkGlobals(_ file: TextFile) -> [Finding] {
    let code = SwiftMask(file.text).lines
    var findings: [Finding] = []
    for (index, line) in code.enumerated() {
      let words = line.split(separator: " ")
      let modifiers: Set<Substring> = ["public", "package", "internal", "private", "fileprivate"]
      let isGlobal =
        !line.hasPrefix(" ")
        && words.first { !modifiers.contains($0) && !$0.hasPrefix("@") } == "var"
      let isStoredStatic = hasWord("static var", line) && line.contains("=") && !line.contains("{")
      guard isGlobal || isStoredStatic else { continue }
      findings.append(
        Finding(
          path: file.path,
          line: index + 1,
          what: "global mutable state",
          instead: "make it a property of the object that owns it"
        )
      )
    }
    return findings
  }

  /// What the compiler can no longer check needs a reason beside it.
  static func checkUnsafe(_ file: TextFile) -> [Finding] {
    let claims = ["@unchecked Sendable", "nonisolated(unsafe)", "unowned(unsafe)"]
    guard claims.contains(where: { file.text.contains($0) }) else { return [] }
    let code = SwiftMask(file.text).lines
    let raw = file.lines
    var findings: [Finding] = []
    for (index, line) in code.enumerated() {
      guard let claim = claims.first(where: { hasWord($0, line) }) else { continue }
      let near = raw[max(0, index - 8)...min(index + 3, raw.count - 1)]
      guard !near.contains(where: { $0.contains("SAFETY") }) else { continue }
      findings.append(
        Finding(
          path: file.path,
          line: index + 1,
          what: "'\(claim)' without a reason",
          instead: "say in a `// SAFETY:` comment beside it why it holds"
        )
      )
    }
    return findings
  }
}
