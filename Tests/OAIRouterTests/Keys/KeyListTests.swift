import OAIRDiscovery
import OAIRProxy
import Testing

@testable import OAIRouter

struct KeyListTests {
  private func read(_ text: String) throws(DocumentError) -> [ClientKey] {
    try KeyList.read(try JSONDocument.parse(Array(text.utf8))) { path in
      path == "/k" ? .success("0123456789abcdef-file") : .failure(KeyFileProblem("no \(path)"))
    }
  }

  @Test func `a list has keys from files and from the text itself`() throws {
    let keys = try read(
      """
      [{"id":"a","key_file":"/k"},
       {"id":"b","key":"0123456789abcdef","models":["m","n*"],"requests_per_minute":60,
        "concurrent":4}]
      """
    )
    let expected = [
      ClientKey(id: "a", secret: "0123456789abcdef-file"),
      ClientKey(
        id: "b",
        secret: "0123456789abcdef",
        models: ["m", "n*"],
        requestsPerMinute: 60,
        concurrent: 4
      ),
    ]
    #expect(keys == expected)
    #expect(try read("[]").isEmpty)
  }

  @Test(arguments: [
    #"{}"#, #"[{"key":"0123456789abcdef"}]"#, #"[{"id":"a"}]"#,
    #"[{"id":"a","key":"0123456789abcdef","key_file":"/k"}]"#,
    #"[{"id":"a","key_file":"/absent"}]"#, #"[{"id":"a","key":"0123456789abcde"}]"#,
    #"[{"id":"a","key_file":"/k"},{"id":"b","key_file":"/k"}]"#,
    #"[{"id":"a","key_file":"/k","models":[]}]"#, #"[{"id":"a","key_file":"/k","model":["x"]}]"#,
    #"[{"id":"a","key_file":"/k","concurrent":-1}]"#,
  ])
  func `a mistake is told without the secret`(text: String) {
    #expect { try read(text) } throws: { error in !"\(error)".contains("0123456789abcde") }
  }
}
