import Testing

@testable import OAIRHTTP1

struct HeadFieldTests {
  @Test func `a field is hop-by-hop by its name or because Connection names it`() {
    var field = HeadField(known: .te)
    #expect(field.isHopByHop)
    field = HeadField(known: .accept)
    #expect(!field.isHopByHop)
    field.isNamedByConnection = true
    #expect(field.isHopByHop)
  }
}

extension HeadField {
  fileprivate init(known: KnownField) {
    self.init(
      name: ByteRange(0, 1),
      value: ByteRange(2, 3),
      known: known,
      isNamedByConnection: false
    )
  }
}
