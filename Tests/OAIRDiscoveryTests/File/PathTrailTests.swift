import Testing

@testable import OAIRDiscovery

struct PathTrailTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test func `a plain file matters in its folder`() throws {
    try folder.write("a.yaml", "")
    #expect(PathTrail(folder("a.yaml")).names == [folder.path: ["a.yaml"]])
    #expect(PathTrail(folder("./x/../a.yaml")).names == [folder.path: ["x"]])
    try folder.makeFolder("x")
    #expect(PathTrail(folder("./x/../a.yaml")).names == [folder.path: ["a.yaml"]])
  }

  @Test func `every link on the way matters`() throws {
    try folder.makeFolder("..1")
    try folder.write("..1/a.yaml", "")
    try folder.link("..data", to: "..1")
    try folder.link("a.yaml", to: "..data/a.yaml")
    #expect(
      PathTrail(folder("a.yaml")).names
        == [folder.path: ["a.yaml", "..data"], folder("..1"): ["a.yaml"]]
    )
    try folder.link("absolute", to: folder("a.yaml"))
    #expect(PathTrail(folder("absolute")).names[folder.path] == ["absolute", "a.yaml", "..data"])
  }

  @Test func `what is missing matters where it's missing`() throws {
    #expect(PathTrail(folder("no/such/file")).names == [folder.path: ["no"]])
    try folder.link("dangling", to: "nowhere")
    #expect(PathTrail(folder("dangling")).names == [folder.path: ["dangling", "nowhere"]])
  }

  @Test func `a circle of links ends`() throws {
    try folder.link("a", to: "b")
    try folder.link("b", to: "a")
    #expect(PathTrail(folder("a")).names == [folder.path: ["a", "b"]])
  }
}
