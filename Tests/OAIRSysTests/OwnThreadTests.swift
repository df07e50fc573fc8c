import Dispatch
import Glibc
import OAIRSys
import Synchronization
import Testing

struct OwnThreadTests {
  /// The thread that is asked for its own.
  private static func niceness() -> Int32 { getpriority(Int32(PRIO_PROCESS.rawValue), 0) }

  @Test func `a thread is as nice as its process, whoever starts it`() throws {
    let ofProcess = getpriority(Int32(PRIO_PROCESS.rawValue), id_t(getpid()))
    // Only who may become less nice can have a nicer thread start one that isn't.
    let mayRise = geteuid() == 0
    let seen = Mutex<Int32?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    OwnThread.start("nicer") {
      setpriority(Int32(PRIO_PROCESS.rawValue), 0, ofProcess + 5)
      OwnThread.start("started") {
        seen.withLock { $0 = Self.niceness() }
        isDone.signal()
      }
    }
    isDone.wait()
    let niceness = try #require(seen.withLock { $0 })
    #expect(niceness == (mayRise ? ofProcess : ofProcess + 5))
  }

  @Test func `threads that end at once are no danger to who starts them`() {
    let ended = DispatchSemaphore(value: 0)
    for _ in 0..<2000 { OwnThread.start("brief") { ended.signal() } }
    for _ in 0..<2000 { ended.wait() }
  }

  @Test func `a thread bears its name, as far as there is room`() throws {
    let seen = Mutex<String?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    OwnThread.start("a-name-that-is-too-long") {
      var bytes = [CChar](repeating: 0, count: 32)
      let file = fopen("/proc/thread-self/comm", "r")
      if let file { fgets(&bytes, 32, file) }
      if let file { fclose(file) }
      seen.withLock {
        $0 = String(decoding: bytes.prefix { $0 > 32 }.map { UInt8($0) }, as: UTF8.self)
      }
      isDone.signal()
    }
    isDone.wait()
    #expect(seen.withLock { $0 } == "a-name-that-is-")
  }
}
