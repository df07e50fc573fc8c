import Testing

@testable import OAIRMock

struct FaultDiceTests {
  @Test
  func `a fault meets the requests of its target only`() {
    let dice = FaultDice(MockFault(.reset, on: .models), seed: 1)
    #expect(dice.draw(.inference, path: "/") == nil)
    #expect(dice.draw(.health, path: "/") == nil)
    #expect(dice.draw(.models, path: "/") == .reset)
  }

  @Test
  func `a fault on all meets every target`() {
    let dice = FaultDice(MockFault(.reset, on: .all), seed: 1)
    for target in [MockFault.Target.inference, .models, .health] {
      #expect(dice.draw(target, path: "/") == .reset)
    }
  }

  @Test
  func `a counted fault strikes so often and no more`() {
    let dice = FaultDice(MockFault(.noResponse, times: 2), seed: 1)
    let drawn = (0..<5).map { _ in dice.draw(.inference, path: "/") }
    #expect(drawn == [.noResponse, .noResponse, nil, nil, nil])
  }

  @Test
  func `requests of another target don't use up the count`() {
    let dice = FaultDice(MockFault(.reset, times: 1), seed: 1)
    #expect(dice.draw(.health, path: "/") == nil)
    #expect(dice.draw(.inference, path: "/") == .reset)
  }

  @Test
  func `a rate strikes about that share, and the same requests for the same seed`() {
    let runs = (0..<2).map { _ in
      let dice = FaultDice(MockFault(.reset, rate: 0.1), seed: 7)
      return (0..<10_000).map { _ in dice.draw(.inference, path: "/") != nil }
    }
    let struck = runs[0].count { $0 }
    #expect((900...1100).contains(struck), "\(struck) of 10,000")
    #expect(runs[0] == runs[1])
  }

  @Test
  func `a rate of zero never strikes`() {
    let dice = FaultDice(MockFault(.reset, rate: 0), seed: 1)
    #expect((0..<1000).allSatisfy { _ in dice.draw(.inference, path: "/") == nil })
  }

  @Test
  func `a replaced fault counts anew, and nil ends it`() {
    let dice = FaultDice(MockFault(.reset, times: 1), seed: 1)
    #expect(dice.draw(.inference, path: "/") == .reset)
    dice.replace(MockFault(.noResponse, times: 1))
    #expect(dice.draw(.inference, path: "/") == .noResponse)
    dice.replace(nil)
    #expect(dice.draw(.inference, path: "/") == nil)
  }

  @Test
  func `a fault that a request brings needs no target and uses up no count`() {
    let dice = FaultDice(MockFault(.noResponse, times: 1), seed: 1)
    #expect(dice.roll(MockFault(.reset, on: .health)) == .reset)
    #expect(dice.draw(.inference, path: "/") == .noResponse)
  }

  @Test
  func `the generator is SplitMix64`() {
    // The first outputs of the reference implementation for the seed 1234567.
    var random = SplitMix64(seed: 1_234_567)
    let numbers = (0..<3).map { _ in random.next() }
    let reference: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
    ]
    #expect(numbers == reference)
  }

  @Test
  func `a fault may be meant for one path, whatever it is for`() {
    let dice = FaultDice(MockFault(.reset, on: .path("/api/chat")), seed: 1)
    #expect(dice.draw(.inference, path: "/api/chat") == .reset)
    #expect(dice.draw(nil, path: "/api/chat") == .reset)
    #expect(dice.draw(.inference, path: "/api/generate") == nil)
  }
}
