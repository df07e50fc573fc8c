import Testing

@testable import oairouter

struct MachineExaminationTests {
  private func finding(
    _ subject: String,
    _ environment: [String: String] = [:],
    now: Int64 = 1_800_000_000,
    change: (inout MachineExamination) -> Void = { _ in }
  ) -> Finding? {
    var examination = MachineExamination(environment: environment)
    change(&examination)
    return examination.findings(now: now).first { $0.subject == subject }
  }

  @Test func `few descriptors are told with what they are good for`() {
    let few = finding("descriptors") { $0.descriptors = 1024 }
    #expect(few?.level == .warning && few?.text == "1024 open files: 480 clients at a time")
    #expect(finding("descriptors") { $0.descriptors = 4096 }?.level == .fine)
  }

  @Test(arguments: [
    ([:], Finding.Level.fine), (["HTTP_PROXY": "http://p:1"], .warning),
    (["ALL_PROXY": ""], .fine),
    (["http_proxy": "http://p:1", "NO_PROXY": "localhost, 127.0.0.1"], .fine),
    (["all_proxy": "http://p:1", "no_proxy": "*"], .fine),
    (["HTTP_PROXY": "http://p:1", "NO_PROXY": "example.com"], .warning),
  ])
  func `a proxy that would be asked for this machine is told`(
    environment: [String: String],
    level: Finding.Level
  ) {
    #expect(finding("proxies", environment)?.level == level)
  }

  @Test func `a clock that was never set is told`() {
    #expect(finding("clock", now: 0)?.level == .warning)
    #expect(finding("clock", now: MachineExamination.earliest)?.level == .fine)
  }

  @Test func `core dumps, and a missing place for a socket, are told`() {
    #expect(finding("core") { $0.dumpsCore = true }?.level == .warning)
    #expect(finding("core") { $0.dumpsCore = false }?.level == .fine)
    #expect(finding("admin") { $0.adminFolder = nil }?.level == .warning)
    #expect(finding("admin") { $0.adminFolder = "/run/x" }?.text == "/run/x")
  }

  @Test func `every warning says what to do`() {
    var examination = MachineExamination(environment: ["HTTP_PROXY": "x"])
    examination.descriptors = 64
    examination.dumpsCore = true
    examination.adminFolder = nil
    let findings = examination.findings(now: 0)
    #expect(findings.allSatisfy { $0.level == .warning && $0.advice?.isEmpty == false })
  }
}
