import Testing

@testable import OAIRRouting

struct ModelNameTests {
  @Test(arguments: [
    ("llama3.2", "llama3.2"), ("llama3.2:latest", "llama3.2"), (":latest", ":latest"),
    ("a:latest:latest", "a:latest"), ("a:LATEST", "a:LATEST"), ("latest", "latest"), ("", ""),
    ("a:8b", "a:8b"), ("x:latest ", "x:latest "),
  ])
  func `only a final default tag is dropped`(name: String, canonical: String) {
    #expect(ModelName.canonical(name) == canonical)
    let bytes = Array(name.utf8)
    let result = bytes.withUnsafeBytes { Array(ModelName.canonical($0)) }
    #expect(result == Array(canonical.utf8))
  }

  @Test(arguments: [
    ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0),
    ("Same", "sAME", 0), ("flaw", "lawn", 2),
  ])
  func `the distance counts changes`(a: String, b: String, distance: Int) {
    #expect(ModelName.distance(a, b, bound: 10) == distance)
    #expect(ModelName.distance(b, a, bound: 10) == distance)
    #expect(ModelName.distance(a, b, bound: distance) == distance)
    if distance > 0 { #expect(ModelName.distance(a, b, bound: distance - 1) == nil) }
  }
}
