import OAIRHTTP1
import Testing

@testable import OAIRProxy
@testable import OAIRReactor

/// What is kept of a connection begins with a cache line and ends with one: its first fields are
/// those that each piece of an answer needs.
@Suite struct ConnectionLayoutTests {
  private static let line = 64

  @Test func `a client's connection takes whole cache lines`() {
    #expect(MemoryLayout<Downstream>.stride == 2 * Self.line)
  }

  @Test func `a backend's connection takes whole cache lines`() {
    #expect(MemoryLayout<Upstream>.stride == 8 * Self.line)
  }

  @Test func `an exchange begins a cache line, which has what each piece needs`() {
    let settings = ProxySettings(ProxyOptions())
    var pool = ExchangePool(settings: settings, limits: HTTP1Limits())
    // One alone may begin one by chance.
    let places = (0..<8).map { _ in pool.take() }
    for place in places + [pool.resting] {
      #expect(UInt(bitPattern: place) % UInt(Self.line) == 0)
    }
    let place = places[0]
    let ends = [
      end(of: &place.pointee.machine, in: place),
      end(of: &place.pointee.minorVersion, in: place),
      end(of: &place.pointee.account, in: place),
      end(of: &place.pointee.isTunnelOpen, in: place),
      end(of: &place.pointee.seeksResponseID, in: place),
      end(of: &place.pointee.upstream, in: place),
      end(of: &place.pointee.responseBytes, in: place),
      end(of: &place.pointee.series, in: place),
    ]
    #expect(ends.allSatisfy { $0 <= Self.line }, "they end at \(ends)")
    for place in places { pool.giveBack(place) }
  }

  /// How far from its exchange's beginning a field ends: `MemoryLayout.offset` wants a key path,
  /// and there is none into a type that can't be copied.
  private func end<Field>(
    of field: inout Field,
    in place: UnsafeMutablePointer<Exchange>
  ) -> Int {
    withUnsafePointer(to: &field) {
      UnsafeRawPointer($0) - UnsafeRawPointer(place) + MemoryLayout<Field>.size
    }
  }

  @Test func `two registrations share a cache line`() {
    #expect(MemoryLayout<Registration>.stride * 2 == Self.line)
  }
}
