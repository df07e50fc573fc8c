import Testing

@testable import OAIRSys

struct ProcessStartTests {
  private func text(_ bytes: [CChar]) -> String {
    String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test func `a path doesn't depend on the folder`() {
    #expect(ProcessStart.absolute("/usr/bin/x", in: "/home") == "/usr/bin/x")
    #expect(ProcessStart.absolute("./x", in: "/usr") == "/usr/./x")
    #expect(ProcessStart.absolute("x", in: "/") == "/x")
  }

  @Test func `this process is remembered`() {
    let start = ProcessStart.remember()
    #expect(start.program.hasPrefix("/"))
    #expect(start.arguments.map(text) == Array(CommandLine.arguments.dropFirst()))
    #expect(start.environment.map(text).contains { $0.hasPrefix("PATH=") })
  }

  @Test func `variables are left out by their whole names`() {
    let entries = ["A=1", "AB=2", "C=a=b", "D"].map { Array($0.utf8CString) }
    let start = ProcessStart(program: "/x", arguments: [], environment: entries)
    #expect(
      start.environment(without: ["A", "D"], with: ["E=5"]).map(text) == ["AB=2", "C=a=b", "E=5"]
    )
  }
}
