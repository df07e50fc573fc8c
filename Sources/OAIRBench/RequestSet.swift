import Glibc
import OAIRWire

/// The requests that are sent, byte for byte and ready; owned by one load loop.
///
/// A request is a lead and a rest. Where each one is to differ, its number is written at the lead's
/// end before it goes out.
struct RequestSet: ~Copyable {
  private struct Entry {
    var lead: UnsafeMutableRawBufferPointer
    var rest: UnsafeMutableRawBufferPointer
    var hasSerial: Bool
  }

  // SAFETY: each buffer is allocated in init and freed in deinit.
  private let entries: [Entry]

  /// Prepares all requests of a workload.
  init(_ workload: Workload, _ target: BenchTarget) {
    entries = Self.bodies(workload, target.models).map { body in
      let head = Self.head(workload, target, length: body.lead.count + body.rest.count)
      // All in one piece where nothing changes: sendmsg(2) costs more than send(2).
      let isWhole = body.lead.isEmpty
      return Entry(
        lead: Self.copy(head + (isWhole ? body.rest : body.lead)),
        rest: Self.copy(isWhole ? [] : body.rest),
        hasSerial: !isWhole
      )
    }
  }

  deinit {
    for entry in entries {
      entry.lead.deallocate()
      entry.rest.deallocate()
    }
  }

  /// How many different ones there are, their numbers aside.
  var count: Int { entries.count }

  /// Bytes of one request.
  func length(_ index: Int) -> Int { entries[index].lead.count + entries[index].rest.count }

  /// What is still to be sent of a request.
  ///
  /// - Parameters:
  ///   - index: 0 ..< `count`.
  ///   - serial: the request's own number.
  ///   - sent: bytes that are gone already, less than `length`.
  /// - Returns: two pieces, the second one possibly empty; valid until the next call.
  func pieces(
    _ index: Int,
    serial: UInt64,
    from sent: Int
  ) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
    let entry = entries[index]
    guard sent < entry.lead.count else {
      let rest = UnsafeRawBufferPointer(rebasing: entry.rest[(sent - entry.lead.count)...])
      return (rest, UnsafeRawBufferPointer(start: nil, count: 0))
    }
    if entry.hasSerial { Self.write(serial, atEndOf: entry.lead) }
    return (
      UnsafeRawBufferPointer(rebasing: entry.lead[sent...]), UnsafeRawBufferPointer(entry.rest)
    )
  }

  private static func write(_ serial: UInt64, atEndOf lead: UnsafeMutableRawBufferPointer) {
    var rest = serial
    for index in 0..<RequestBody.serialPlace.utf8.count {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      lead[lead.count - 1 - index] = digit < 10 ? 0x30 + digit : 0x57 + digit
      rest >>= 4
    }
  }

  private static func copy(_ bytes: [UInt8]) -> UnsafeMutableRawBufferPointer {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    memory.copyBytes(from: bytes)
    return memory
  }

  private static func bodies(_ workload: Workload, _ models: [String]) -> [RequestBody] {
    switch workload.body {
    case .none: [RequestBody()]
    case .text(let bytes): models.map { RequestBody.text(workload, $0, bytes: bytes) }
    case .chat(let bytes):
      (0..<conversations(bytes, models.count)).map { index in
        RequestBody.chat(
          workload,
          models[index % models.count],
          bytes: bytes,
          seed: UInt64(index) + 1
        )
      }
    }
  }

  /// As many as fit the bound, and at least one for each model.
  private static func conversations(_ bytes: Int?, _ models: Int) -> Int {
    let fitting = BenchLimits.preparedBodies / max(bytes ?? (64 << 10), 1)
    return max(min(fitting, BenchLimits.conversations), models)
  }

  private static func head(_ workload: Workload, _ target: BenchTarget, length: Int) -> [UInt8] {
    let isGet = workload.body == .none
    let accepted = workload.isStreaming ? "text/event-stream" : "application/json"
    var lines = [
      "\(isGet ? "GET" : "POST") \(target.prefix)\(workload.path) HTTP/1.1",
      "Host: \(target.authority)",
      "Accept: \(accepted)",
      "User-Agent: oairouter-bench",
    ]
    if !isGet { lines += ["Content-Type: application/json", "Content-Length: \(length)"] }
    lines += target.fields
    return Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
  }
}
