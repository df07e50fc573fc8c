import COAIRSys
import Testing

@testable import OAIRSys

struct ReadinessTests {
  @Test func `each of epoll's bits has its meaning, and the others have none`() {
    let meanings: [(UInt32, Readiness)] = [
      (EPOLLIN.rawValue, .readable), (EPOLLOUT.rawValue, .writable),
      (EPOLLRDHUP.rawValue, .peerClosed), (EPOLLERR.rawValue, .failed),
      (EPOLLHUP.rawValue, .failed), (EPOLLPRI.rawValue, []), (EPOLLET.rawValue, []),
    ]
    for (bits, readiness) in meanings { #expect(Readiness(epoll: bits) == readiness) }
    let all = meanings.reduce(0) { $0 | $1.0 }
    #expect(Readiness(epoll: all) == [.readable, .writable, .peerClosed, .failed])
    #expect(Readiness(epoll: 0) == [])
  }

  @Test func `connections are watched for edges, sources for levels`() {
    let edge = EPOLLET.rawValue
    #expect(Interest.connectionEdges.epollBits & edge != 0)
    for bit in [EPOLLIN, EPOLLOUT, EPOLLRDHUP] {
      #expect(Interest.connectionEdges.epollBits & bit.rawValue != 0)
    }
    #expect(Interest.readableLevel.epollBits == EPOLLIN.rawValue)
    #expect(Interest.acceptable.epollBits == EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue)
  }
}
