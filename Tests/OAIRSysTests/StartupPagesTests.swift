import Glibc
import OAIRSys
import Testing

@testable import OAIRSys

@Suite struct StartupPagesTests {
  @Test func `code of files is what may go`() {
    let code = "00401000-00402000 r-xp 00001000 08:01 42                         /usr/bin/a b"
    #expect(StartupPages.codeMapping(code[...]) == 0x401000..<0x402000)
  }

  @Test(arguments: [
    "00401000-00402000 r--p 00001000 08:01 42                         /usr/bin/a",
    "00401000-00402000 rw-p 00001000 08:01 42                         /usr/bin/a",
    "00401000-00402000 rwxp 00001000 08:01 42                         /usr/bin/a",
    "00401000-00402000 r-xs 00001000 08:01 42                         /usr/bin/a",
    "00401000-00402000 r-xp 00000000 00:00 0",
    "7ffc1000-7ffc3000 r-xp 00000000 00:00 0                          [vdso]",
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0          [vsyscall]",
    "00402000-00401000 r-xp 00001000 08:01 42                         /usr/bin/a",
    "00000000-00401000 r-xp 00001000 08:01 42                         /usr/bin/a",
    "0040100g-00402000 r-xp 00001000 08:01 42                         /usr/bin/a",
    "", "-", "00401000 r-xp",
  ])
  func `nothing else may`(line: String) {
    #expect(StartupPages.codeMapping(line[...]) == nil)
  }

  @Test func `a process goes on without the pages of its start`() {
    // At least this test's own code.
    #expect(StartupPages.release() > 1 << 16)
    #expect(StartupPages.release() > 1 << 16)
  }
}
