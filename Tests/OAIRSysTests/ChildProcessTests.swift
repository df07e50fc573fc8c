import Glibc
import Testing

@testable import OAIRSys

struct ChildProcessTests {
  private func run(
    _ script: String,
    environment: [String] = [],
    descriptors: [FileDescriptor] = []
  ) throws -> ChildProcess {
    try ChildProcess(
      "/bin/sh",
      arguments: ["-c", script].map { Array($0.utf8CString) },
      environment: environment.map { Array($0.utf8CString) },
      descriptors: descriptors
    )
  }

  @Test func `its end is told, by itself or by a signal`() throws {
    #expect(try run("exit 3").wait() == .exited(3))
    #expect(try run("kill -9 $$").wait() == .signalled(9))
    let sleeping = try run("exec sleep 1000")
    sleeping.send(SIGTERM)
    #expect(sleeping.wait() == .signalled(SIGTERM))
    // Its number may be another process's by now.
    sleeping.send(SIGKILL)
  }

  @Test func `it has the environment that is given, and no other`() throws {
    #expect(try run(#"[ "$A" = "b c" ]"#, environment: ["A=b c"]).wait() == .exited(0))
    #expect(try run(#"[ -z "$HOME" ]"#).wait() == .exited(0))
  }

  @Test func `a program that isn't there is told at once`() {
    #expect(throws: SystemError("posix_spawn", Errno(ENOENT))) {
      try ChildProcess("/nowhere", arguments: [], environment: [], descriptors: [])
    }
  }

  @Test func `descriptors come in their order, whatever numbers they have`() throws {
    let (mine, theirs) = try MessageChannel.pair()
    let (other, more) = try MessageChannel.pair()
    let given = [more.descriptor, theirs.descriptor, mine.descriptor]
    let links = try given.map { try link(of: $0) }
    let script = """
      [ "$(readlink /proc/$$/fd/3)" = "$A" ] && [ "$(readlink /proc/$$/fd/4)" = "$B" ] &&
      [ "$(readlink /proc/$$/fd/5)" = "$C" ]
      """
    let names = zip(["A", "B", "C"], links).map { "\($0)=\($1)" }
    let path = "PATH=/usr/bin:/bin"
    let child = try run(script, environment: names + [path], descriptors: given)
    #expect(child.wait() == .exited(0))
    withExtendedLifetime((mine, theirs, other, more)) {}
  }

  @Test func `no signal is blocked or ignored in it`() throws {
    // What this thread blocks, the child would.
    var (set, former) = (sigset_t(), sigset_t())
    sigfillset(&set)
    pthread_sigmask(SIG_BLOCK, &set, &former)
    let child = try run(#"grep -q "^SigBlk:[[:space:]]*0*$" /proc/self/status"#)
    pthread_sigmask(SIG_SETMASK, &former, nil)
    #expect(child.wait() == .exited(0))
  }

  private func link(of descriptor: FileDescriptor) throws -> String {
    var bytes = [CChar](repeating: 0, count: 256)
    let count = readlink("/proc/self/fd/\(descriptor.raw)", &bytes, bytes.count)
    try #require(count > 0)
    return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
