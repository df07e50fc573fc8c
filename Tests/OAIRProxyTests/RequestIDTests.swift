import Testing

@testable import OAIRProxy

struct RequestIDTests {
  private func id(seed: UInt64, _ serial: UInt64) -> String {
    var memory = [UInt8](repeating: 0xEE, count: RequestIDSource.length + 1)
    memory.withUnsafeMutableBytes { bytes in
      RequestIDSource(seed: seed).write(serial, to: .init(rebasing: bytes.dropLast()))
    }
    #expect(memory.last == 0xEE)
    return String(decoding: memory.dropLast(), as: UTF8.self)
  }

  private func digits(_ value: UInt64) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  @Test func `an id is of the process's number and the exchange's, in hexadecimal`() {
    var values: [UInt64] = [0, 1, 9, 10, 15, 16, 0x0123_4567_89ab_cdef, .max]
    for shift in 0..<64 { values += [1 << UInt64(shift), UInt64.max >> UInt64(shift)] }
    for value in values {
      #expect(id(seed: 7, value) == "oair-\(digits(7))-\(digits(value))")
      #expect(id(seed: value, 7) == "oair-\(digits(value))-\(digits(7))")
    }
  }
}
