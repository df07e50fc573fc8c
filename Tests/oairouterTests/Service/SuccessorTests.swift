import Glibc
import OAIRouter
import Testing

@testable import oairouter

struct SuccessorTests {
  private func variables(
    _ own: [String],
    isWatched: Bool = true
  ) -> [String] {
    let start = ProcessStart(
      program: "/x",
      arguments: [],
      environment: own.map { Array($0.utf8CString) }
    )
    let descriptor = FileDescriptor(9)
    let listeners = [
      HandedListener(descriptor: descriptor, role: .clients, ownsFile: false),
      HandedListener(descriptor: descriptor, role: .administrators, ownsFile: true),
    ]
    var upgrades = UpgradeRecord.State()
    upgrades.succeeded = 2
    return Successor.environment(start, listeners, upgrades, isWatched: isWatched).map {
      String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  @Test func `it has what the former was started with, and the listeners`() {
    #expect(
      variables(["A=b", "LISTEN_PID=1", "LISTEN_FDS=7", "NOTIFY_SOCKET=/n", "OAIR_HANDOVER=x"]) == [
        "A=b", "NOTIFY_SOCKET=/n", "LISTEN_FDS=2", "LISTEN_FDNAMES=http:admin",
        "OAIR_HANDOVER=parent=\(getpid());channel=5;owned=1;nohup=0;succeeded=3;failed=0",
      ]
    )
  }

  @Test func `a watchdog goes on to it if it was the former's`() {
    let own = ["WATCHDOG_USEC=5", "WATCHDOG_PID=\(getpid())"]
    #expect(variables(own).first == "WATCHDOG_USEC=5")
    #expect(variables(own, isWatched: false).first == "LISTEN_FDS=2")
  }

  private func successor(_ script: String) throws -> Successor {
    let start = ProcessStart(
      program: "/x",
      arguments: ["-c", script].map { Array($0.utf8CString) },
      environment: []
    )
    return try Successor.start("/bin/sh", as: start, [], UpgradeRecord.State(), isWatched: false)
  }

  @Test func `one that says nothing and ends is heard to end`() throws {
    let successor = try successor("exit 0")
    #expect(throws: Successor.Failure(reason: "")) {
      try successor.prepared(until: .now + .seconds(60))
    }
    #expect(successor.process.wait() == .exited(0))
    #expect(!successor.leave())
  }

  @Test func `one that says nothing has its time`() throws {
    let successor = try successor("exec sleep 1000")
    #expect(throws: Successor.Failure(reason: "it wasn't ready in time")) {
      try successor.prepared(until: .now + .milliseconds(20))
    }
    successor.process.send(SIGKILL)
    #expect(successor.process.wait() == .signalled(SIGKILL))
  }
}
