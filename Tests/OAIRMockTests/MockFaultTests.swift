import Testing

@testable import OAIRMock

struct MockFaultTests {
  @Test
  func `a fault concerns every inference request unless it says otherwise`() {
    let fault = MockFault(.reset)
    #expect(fault.rate == 1)
    #expect(fault.times == nil)
    #expect(fault.target == .inference)
  }

  @Test(arguments: [
    ("status=503", MockFault(.status(503, retryAfterSeconds: nil))),
    ("status=429,retry-after=1", MockFault(.status(429, retryAfterSeconds: 1))),
    ("retry-after=0,status=503", MockFault(.status(503, retryAfterSeconds: 0))),
    ("reset", MockFault(.reset)),
    ("reset-before-head", MockFault(.resetBeforeHead)),
    ("eof-before-head", MockFault(.endBeforeHead)),
    ("no-response", MockFault(.noResponse)),
    ("slow-head=500ms", MockFault(.slowHead(.milliseconds(500)))),
    ("cut-after=3", MockFault(.broken(after: 3, .cut))),
    ("eof-after=0", MockFault(.broken(after: 0, .eof))),
    ("stall-after=12", MockFault(.broken(after: 12, .stall))),
    ("error-after=2", MockFault(.broken(after: 2, .error))),
    ("cut-after=0,unit=events", MockFault(.broken(after: 0, .cut, unit: .events))),
    ("unit=bytes,eof-after=7", MockFault(.broken(after: 7, .eof, unit: .bytes))),
    ("no-end-marker", MockFault(.noEndMarker)),
    ("no-terminator", MockFault(.noTerminator)),
    ("short-body=1", MockFault(.shortBody(1))),
    ("surplus=5", MockFault(.surplus(5))),
    ("die", MockFault(.death(returnsAfter: nil))),
    ("die=2s,times=1", MockFault(.death(returnsAfter: .seconds(2)), times: 1)),
    ("reset,on=/api/chat", MockFault(.reset, on: .path("/api/chat"))),
    ("reset,rate=0.25", MockFault(.reset, rate: 0.25)),
    ("times=2,reset,on=all", MockFault(.reset, times: 2, on: .all)),
    ("status=500,on=health", MockFault(.status(500, retryAfterSeconds: nil), on: .health)),
  ])
  func `the grammar is read`(text: String, expected: MockFault) throws {
    #expect(try MockFault(text) == expected)
  }

  @Test(arguments: [
    ("", "'' is no fault"),
    ("nonsense", "'nonsense' is no fault"),
    ("reset,", "'' is a second kind"),
    ("reset,no-response", "'no-response' is a second kind"),
    ("reset=1", "'reset' takes no value"),
    ("status", "'status' needs a whole number in 400...599, such as status=503"),
    ("status=200", "in 400...599"),
    ("status=+503", "in 400...599"),
    ("cut-after=-1", "'cut-after' needs a whole number from 0, such as cut-after=1"),
    ("cut-after=99999999999999999999", "from 0"),
    ("slow-head=5", "'slow-head' needs a duration"),
    ("reset,rate=2", "'rate' needs a share from 0 to 1"),
    ("reset,rate=nan", "'rate' needs a share"),
    ("reset,times=0", "'times' needs a whole number from 1"),
    ("reset,on=sundays", "'on' needs one of inference, models, health, all, or a path"),
    ("reset,unit=events", "'unit' stands beside a fault that ends in '-after' only"),
    ("cut-after=1,unit=lines", "'unit' needs one of tokens, events, bytes"),
    ("error-after=1,unit=bytes", "'error-after' counts tokens or events"),
    ("die=soon", "'die' takes no value or a duration"),
    ("short-body=0", "'short-body' needs a whole number from 1"),
    ("surplus=9999999", "'surplus' needs a whole number in 1...1048576"),
    ("no-terminator=1", "'no-terminator' takes no value"),
    ("reset,retry-after=1", "'retry-after' stands beside 'status' only"),
    ("rate=0.5", "a fault needs a kind"),
  ])
  func `what isn't understood is named`(text: String, expected: String) {
    let error = #expect(throws: MockFaultError.self) { try MockFault(text) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
  }
}
