import OAIRouter
import Testing

@testable import oairouter

struct HandoverNoteTests {
  @Test func `it is read as it was written`() {
    var note = HandoverNote(parent: 12, channel: 5)
    #expect(HandoverNote(note.text) == note)
    note.owned = [0, 2]
    note.upgrades.succeeded = 3
    note.upgrades.failed = 4
    note.outlivesTerminal = true
    #expect(note.text == "parent=12;channel=5;owned=0,2;nohup=1;succeeded=3;failed=4")
    #expect(HandoverNote(note.text) == note)
  }

  @Test func `another version's has other fields`() {
    let note = HandoverNote("channel=6;colour=blue;parent=7;x")
    #expect(note?.parent == 7 && note?.channel == 6 && note?.owned == [])
    #expect(note?.upgrades.succeeded == 1)
  }

  @Test(arguments: [
    "", "parent=1", "channel=5", "parent=x;channel=5", "parent=0;channel=5", "parent=1;channel=2",
    "parent=-1;channel=5", "parent=1;channel=",
  ])
  func `what isn't one is taken for none`(text: String) { #expect(HandoverNote(text) == nil) }
}
