import Testing

@testable import OAIRDiscovery

struct DockerAPITests {
  @Test(arguments: [
    ("1.41", "1.41"), ("1.24", "1.24"), ("1.51", "1.51"), ("1.52", "1.51"), ("1.999", "1.51"),
    ("2.0", "1.51"), ("0.9", "0.9"),
  ])
  func `the engine's version is asked for, unless it is newer than this program`(
    theirs: String,
    asked: String
  ) {
    #expect(DockerAPI.version(theirs) == asked)
  }

  @Test(arguments: [
    "", "1", "1.", ".41", "1.41.2", "v1.41", "1.4x", "1.-4", "1.99999999999999999999",
  ])
  func `what is no version is none`(text: String) {
    #expect(DockerAPI.version(text) == nil)
  }
}
