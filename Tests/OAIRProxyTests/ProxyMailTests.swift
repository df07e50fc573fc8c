import OAIRRouting
import Testing

@testable import OAIRProxy

struct ProxyMailTests {
  @Test func `a drain doesn't soften a stop that waits`() {
    let stop = ProxyMail(command: .stop)
    #expect(stop.merging(ProxyMail(command: .drain)).command == .stop)
    #expect(ProxyMail(command: .drain).merging(stop).command == .stop)
    #expect(stop.merging(ProxyMail()).command == .stop)
    #expect(ProxyMail().merging(ProxyMail(command: .drain)).command == .drain)
  }

  @Test func `the newest table counts, and a command leaves it alone`() {
    let older = RouteTable(generation: 1, members: [], isListed: true)
    let newer = RouteTable(generation: 2, members: [], isListed: true)
    let mail = ProxyMail(table: older).merging(ProxyMail(table: newer))
    #expect(mail.table?.generation == 2)
    #expect(mail.merging(ProxyMail(command: .drain)).table?.generation == 2)
  }

  @Test func `the newest options count, and a later table leaves them alone`() {
    var (older, newer) = (ProxyOptions(), ProxyOptions())
    older.retry.attempts = 3
    newer.retry.attempts = 4
    let table = RouteTable(generation: 2, members: [], isListed: true)
    let mail = ProxyMail(options: older).merging(ProxyMail(table: table, options: newer))
    #expect(mail.options == newer)
    #expect(mail.merging(ProxyMail(table: .empty)).options == newer)
    #expect(mail.merging(ProxyMail(command: .drain)).options == newer)
  }

  @Test func `a question is asked until it is answered`() {
    let question = ProxyMail(wantsReport: true)
    #expect(question.merging(ProxyMail(command: .drain)).wantsReport)
    #expect(ProxyMail().merging(question).wantsReport)
    #expect(!ProxyMail().merging(ProxyMail()).wantsReport)
  }
}
