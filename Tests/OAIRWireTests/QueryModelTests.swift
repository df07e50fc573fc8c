import Testing

@testable import OAIRWire

struct QueryModelTests {
  private func find(_ query: String) -> (result: QueryModel.Result, name: String) {
    var name = [UInt8](repeating: 0, count: 4096)
    let bytes = Array(query.utf8)
    let result = bytes.withUnsafeBytes { query in
      name.withUnsafeMutableBytes { QueryModel.find(in: query, into: $0) }
    }
    guard case .model(let count, _) = result else { return (result, "") }
    return (result, String(decoding: name[..<count], as: UTF8.self))
  }

  @Test(arguments: [
    ("model=m", "m"), ("a=1&model=m", "m"), ("model=a%2Fb%20c", "a/b c"), ("model=a%", "a%"),
    ("xmodel=x&model=m&y", "m"), ("&&model=m", "m"), ("mod%65l=m", "m"), ("%6dodel=m", "m"),
    ("model=a+b%2B", "a b+"), ("+model=x&model=m", "m"), ("x=1;y=2&model=m", "m"),
  ])
  func `the model is found and decoded`(_ query: String, _ name: String) {
    #expect(find(query).name == name)
  }

  @Test(arguments: ["", "model", "model=", "models=m", "x=model=m", "mode%=m", "model&model="])
  func `without a model there is none`(_ query: String) { #expect(find(query).result == .none) }

  @Test func `equal models are one that is repeated`() {
    #expect(find("model=m").result == .model(1, isRepeated: false))
    #expect(find("model=m&x&mod%65l=%6d").result == .model(1, isRepeated: true))
    #expect(find("Model=m&model=m").result == .model(1, isRepeated: true))
  }

  @Test(arguments: [
    ("model=m&model=n", 8), ("model=m&mod%65l=n", 8), ("model=&model=n", 7), ("model&model=n", 6),
    ("model=m&model", 8), ("a&model=m&x=model=m&MODEL=n", 20), ("model=a+b&model=a%2Bb", 10),
    ("model=m&model=mm", 8), ("model=mm&model=m", 9),
  ])
  func `differing models are told`(_ query: String, _ offset: Int) {
    #expect(find(query).result == .differing(offset: offset))
  }

  @Test(arguments: [
    ("Model=m", 0), ("a&mode%4C=m", 2), ("model=a;model=b", 0), ("x=1;model=n&model=m", 4),
    ("model=m;x=1", 0), ("model=m&x;Model=m", 10),
  ])
  func `a model that not everybody reads so is told`(_ query: String, _ offset: Int) {
    #expect(find(query).result == .misspelled(offset: offset))
  }

  @Test func `the value that is replaced is the one that was found`() {
    let query = Array("Model=m&x=1&mod%65l=a%2Fb&y".utf8)
    let value = query.withUnsafeBytes { QueryModel.value(in: $0) }
    #expect(value == 20..<25)
  }

  @Test func `a name that is too long is told`() {
    #expect(find("model=" + String(repeating: "m", count: 512)).name.count == 512)
    #expect(find("model=" + String(repeating: "%6d", count: 512)).name.count == 512)
    #expect(find("model=" + String(repeating: "m", count: 513)).result == .tooLong)
    #expect(find("model=" + String(repeating: "m", count: 9000)).result == .tooLong)
  }
}
