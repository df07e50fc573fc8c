import Testing

@testable import OAIRDiscovery

struct ContainerEventTests {
  private static let vllm = "8b48a14e81435dffb265779c9777c1ac35ea731cc99d9081d36fa706411ee32e"
  private static let lc = "54a216fd138d94f80f2b61074921842e5e436b90886fc214c6b84835a3601201"
  private static let ollama = "a5c71c36b2437fe47ff1c7021a984c23f158a01a90f3dd23c75b898683b96232"
  private static let p3 = "3346ecc17ca45dffab6addb158032deb0e53968c274a8dc98633d5b7e413220d"

  private func read(_ text: String) -> ContainerEvent.Reading {
    ContainerEvent.read(Array(text.utf8))
  }

  private func event(_ action: String, _ id: String = "0123456789ab") -> String {
    #"{"Type":"container","Action":"\#(action)","Actor":{"ID":"\#(id)","Attributes":{}}}"#
  }

  @Test func `Docker's events are read`() {
    #expect(
      RecordedContainers.dockerEvents.map(read) == [
        .event(.changed(id: Self.vllm, name: "vllm1")), .event(.stirred(id: Self.lc)),
        .event(.ended(id: Self.vllm)), .event(.stopped(id: Self.vllm)),
        .event(.ended(id: Self.lc)), .event(.changed(id: Self.lc, name: "lc1")),
        .event(.changed(id: Self.lc, name: "lc2")), .event(.ended(id: Self.ollama)),
      ]
    )
  }

  @Test func `Podman's events are read`() {
    #expect(
      RecordedContainers.podmanEvents.map(read) == [
        .meaningless, .meaningless, .event(.changed(id: Self.p3, name: "p3")),
        .event(.ended(id: Self.p3)),
        .meaningless, .event(.ended(id: Self.p3)),
      ]
    )
  }

  @Test(arguments: [
    ("start", ContainerEvent.changed(id: "0123456789ab", name: nil)),
    ("unpause", .changed(id: "0123456789ab", name: nil)),
    ("rename", .changed(id: "0123456789ab", name: nil)), ("die", .ended(id: "0123456789ab")),
    ("died", .ended(id: "0123456789ab")), ("pause", .ended(id: "0123456789ab")),
    ("destroy", .ended(id: "0123456789ab")), ("remove", .ended(id: "0123456789ab")),
    ("stop", .stopped(id: "0123456789ab")), ("kill", .stirred(id: "0123456789ab")),
    ("health_status: unhealthy", .stirred(id: "0123456789ab")),
    ("health_status", .stirred(id: "0123456789ab")), ("oom", .stirred(id: "0123456789ab")),
  ])
  func `each action means what it means`(action: String, meaning: ContainerEvent) {
    #expect(read(event(action)) == .event(meaning))
  }

  @Test(arguments: [
    "create", "attach", "exec_start: /bin/sh -c start", "cleanup", "init", "", "DIE",
  ])
  func `other actions mean nothing`(action: String) {
    #expect(read(event(action)) == .meaningless)
  }

  @Test(arguments: [
    #"{"Type":"network","Action":"connect","Actor":{"ID":"x"}}"#,
    #"{"Type":"image","Action":"remove","Actor":{"ID":""}}"#,
  ])
  func `events of other things mean nothing`(text: String) {
    #expect(read(text) == .meaningless)
  }

  @Test(arguments: [
    "", "{", "[]", "null", #"{"Type":"container"}"#, #"{"Action":"die"}"#,
    #"{"Action":"die","Actor":{"ID":"../x"}}"#, #"{"Action":"die","Actor":{"ID":7}}"#,
    #"{"Action":"die","Actor":{"ID":"0123456789ab"}}}"#, #"{"Action":"\ud800"}"#,
  ])
  func `what can't be read is told apart from what means nothing`(text: String) {
    #expect(read(text) == .malformed)
  }

  @Test func `old names do where the new ones are missing`() {
    #expect(read(#"{"status":"die","id":"0123456789ab"}"#) == .event(.ended(id: "0123456789ab")))
  }
}
