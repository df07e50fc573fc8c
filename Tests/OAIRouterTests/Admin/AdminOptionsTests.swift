import OAIRAdmin
import OAIRSys
import Testing

@testable import OAIRouter

struct AdminOptionsTests {
  @Test func `an address that others can reach needs a key`() {
    var options = RouterOptions()
    options.admin.place = .at(.loopback(port: 1))
    #expect(throws: ConfigurationError.self) { try options.validate() }
    options.admin.key = AdminKey("0123456789abcdef")
    #expect(throws: Never.self) { try options.validate() }
  }

  @Test(arguments: [AdminOptions.Place.off, .automatic, .at(.unix("/x"))])
  func `a socket of the user's own needs none`(place: AdminOptions.Place) {
    var options = AdminOptions()
    options.place = place
    #expect(options.problem == nil)
  }
}
