import Testing

@testable import OAIRWire

struct QueryModelTests {
  private func find(_ query: String) -> (result: QueryModel.Result, name: String) {
    var name = [UInt8](repeating: 0, count: 4096)
    let bytes = Array(query.utf8)
    let result = bytes.withUnsafeBytes { query in
      name.withUnsafeMutableBytes { QueryModel.find(in: query, into: $0) }
    }
    guard case .model(let count) = result else { return (result, "") }
    return (result, String(decoding: name[..<count], as: UTF8.self))
  }

  @Test(arguments: [
    ("model=m", "m"), ("a=1&model=m", "m"), ("model=m&model=n", "m"), ("model=a%2Fb%20c", "a/b c"),
    ("xmodel=x&model=m&y", "m"), ("&&model=m", "m"), ("model=a%", "a%"),
  ])
  func `the model is found and decoded`(_ query: String, _ name: String) {
    #expect(find(query).name == name)
  }

  @Test(arguments: ["", "model", "model=", "models=m", "x=model=m", "Model=m"])
  func `without a model there is none`(_ query: String) { #expect(find(query).result == .none) }

  @Test func `a name that is too long is told`() {
    #expect(find("model=" + String(repeating: "m", count: 512)).name.count == 512)
    #expect(find("model=" + String(repeating: "m", count: 513)).result == .tooLong)
    #expect(find("model=" + String(repeating: "m", count: 9000)).result == .tooLong)
  }
}
