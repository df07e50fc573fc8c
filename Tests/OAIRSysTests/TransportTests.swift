import OAIRSys
import Testing

struct TransportTests {
  @Test func `a plain transport is its socket and hides no bytes`() throws {
    let pair = try LoopbackPair()
    let server = Transport.plain(try #require(pair.server))
    let client = Transport.plain(try #require(pair.client))
    #expect(client.descriptor == pair.client)
    #expect(!client.hasBufferedBytes)
    var results = [UInt8]("ab".utf8).withUnsafeBytes { [client.send(pair.kernel, $0)] }
    results.append([UInt8]("cd".utf8).withUnsafeBytes { client.send(pair.kernel, $0, $0) })
    #expect(results == [.bytes(2), .bytes(4)])
    var memory = [UInt8](repeating: 0, count: 6)
    var count = 0
    while count < 6 {
      let space = count..<6
      let result = memory.withUnsafeMutableBytes {
        server.receive(pair.kernel, into: UnsafeMutableRawBufferPointer(rebasing: $0[space]))
      }
      guard case .bytes(let more) = result else {
        try #require(result == .wouldBlock)
        continue
      }
      count += more
    }
    #expect(memory == Array("abcdcd".utf8))
  }
}
