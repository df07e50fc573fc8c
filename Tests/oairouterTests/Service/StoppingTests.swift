import Testing

@testable import oairouter

struct StoppingTests {
  private let start = ContinuousClock.now

  @Test func `without a delay the first signal drains, and the second one ends it`() {
    var stopping = Stopping()
    #expect(stopping.signalled(delay: .zero, now: start) == .drain)
    #expect(stopping.signalled(delay: .zero, now: start) == .exit)
    #expect(stopping.signalled(delay: .zero, now: start) == .exit)
  }

  @Test func `a second signal cuts the delay short, and a third one ends it`() {
    var stopping = Stopping()
    #expect(stopping.signalled(delay: .seconds(5), now: start) == .leave)
    #expect(stopping.signalled(delay: .seconds(5), now: start + .seconds(4)) == .drain)
    #expect(stopping.signalled(delay: .seconds(5), now: start + .seconds(4)) == .exit)
  }

  @Test func `once the delay is over the second signal ends it`() {
    var stopping = Stopping()
    #expect(stopping.signalled(delay: .seconds(5), now: start) == .leave)
    #expect(stopping.signalled(delay: .seconds(5), now: start + .seconds(5)) == .exit)
  }

  @Test func `in a process whose place is taken only somebody at a terminal is heard`() {
    var stopping = Stopping()
    stopping.retire()
    for _ in 0..<3 { #expect(stopping.signalled(delay: .zero, now: start) == .none) }
    #expect(stopping.signalled(isTerminal: true, delay: .zero, now: start) == .none)
    #expect(stopping.signalled(isTerminal: true, delay: .zero, now: start) == .exit)
  }

  @Test func `who was about to end already isn't kept by an upgrade`() {
    var stopping = Stopping()
    #expect(stopping.signalled(delay: .zero, now: start) == .drain)
    stopping.retire()
    #expect(stopping.signalled(delay: .zero, now: start) == .exit)
  }

  @Test func `a delay that is configured later changes nothing`() {
    var stopping = Stopping()
    #expect(stopping.signalled(delay: .seconds(1), now: start) == .leave)
    #expect(stopping.signalled(delay: .seconds(60), now: start + .seconds(2)) == .exit)
  }
}
