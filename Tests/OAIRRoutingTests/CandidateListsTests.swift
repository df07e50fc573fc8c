import OAIRRouting
import Testing

struct CandidateListsTests {
  @Test func `each model has its candidates, their ranks, and those that nobody outranks`() throws {
    let names = { (names: [(String, Bool?)]) in
      names.map { ModelDescription(id: $0.0, isLoaded: $0.1) }
    }
    let table = RouteTable(
      generation: 1,
      members: [
        .make("a", slot: 0, models: names([("m", false), ("n", nil)])),
        .make("b", slot: 1, models: names([("m", true)])),
        .make("c", slot: 2, state: .down, models: names([("m", true), ("only-down", nil)])),
        .make("d", slot: 3, models: names([("n", true), ("m", nil)]), priority: 0),
        .make("e", slot: 4, state: .suspect, models: names([("n", true)])),
      ],
      rememberedModels: ["gone"],
      isListed: true
    )
    let tier = { (name: String) in
      table.entry(name).map { entry in
        table.bestTier(entry).map { table.backends[Int($0)].record.id }
      }
    }
    #expect(tier("m") == ["b", "d"])
    #expect(tier("n") == ["a", "d"])
    #expect(tier("only-down") == [] && tier("gone") == [])
    let entry = try #require(table.entry("m"))
    #expect(table.candidateIDs("m") == ["a", "b", "c", "d"])
    #expect(
      Array(table.ranks(entry)) == [
        CandidateRank.of(.ready, priority: 0, isCold: true), CandidateRank.of(.ready, priority: 0),
        CandidateRank.unusable, CandidateRank.of(.ready, priority: 0),
      ]
    )
  }

  @Test func `a backend that lists a model by both spellings has it loaded if one of them is`() {
    let members: [RouteMember] = [
      .make(
        "a",
        models: [
          ModelDescription(id: "m", isLoaded: false),
          ModelDescription(id: "m:latest", isLoaded: true),
        ]
      )
    ]
    let table = RouteTable(generation: 1, members: members, isListed: true)
    #expect(table.entry("m").map { table.ranks($0)[0] } == CandidateRank.of(.ready, priority: 0))
  }
}
