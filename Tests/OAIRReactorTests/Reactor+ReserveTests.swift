import OAIRSys
import Testing

@testable import OAIRReactor

struct ReactorReserveTests {
  @Test func `a reserve is spent once, and renewed when a close has made room`() {
    let kernel = ScriptedKernel()
    kernel.script.reserves = [FileDescriptor(90)]
    var reactor = Reactor(kernel: kernel, capacity: 4)
    reactor.keepReserve()
    let (has, spent, again) = (reactor.hasReserve, reactor.spendReserve(), reactor.spendReserve())
    let left = reactor.hasReserve
    #expect(has && spent && !again && !left)
    #expect(kernel.script.closed == [90])
    reactor.endTick()
    let without = reactor.hasReserve
    #expect(!without, "nothing is left yet")
    kernel.script.reserves = [FileDescriptor(91)]
    reactor.endTick()
    let renewed = reactor.hasReserve
    #expect(renewed)
    reactor.endTick()
    #expect(kernel.script.closed == [90])
  }

  @Test func `a reactor that keeps none takes none, and one that ends gives it back`() {
    let kernel = ScriptedKernel()
    kernel.script.reserves = [FileDescriptor(90)]
    do {
      var reactor = Reactor(kernel: kernel, capacity: 4)
      reactor.endTick()
      let has = reactor.hasReserve
      #expect(!has && kernel.script.reserves.count == 1)
      reactor.keepReserve()
    }
    #expect(kernel.script.closed == [90])
  }
}
