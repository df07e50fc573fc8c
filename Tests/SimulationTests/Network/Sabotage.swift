/// Faults that no router may have, made on purpose between it and the network: what the oracle must
/// see.
enum Sabotage: CaseIterable {
  /// A payload byte towards a client is left out, sent twice, or changes places with the next.
  case dropsByte, doublesByte, swapsBytes
  /// The end of a stream is invented behind an error frame.
  case inventsEnd
  /// The body towards a backend has another byte.
  case changesRequest
  /// A descriptor is never closed, or twice.
  case leaksDescriptor, closesTwice
  /// A byte stays reserved in the ledger.
  case leavesReserved
  /// A client's FIN is sent where a RST was asked for.
  case endsRegularly
}

/// Commits one act of sabotage, as soon as there is an occasion.
final class Saboteur {
  let act: Sabotage
  private(set) var hasActed = false

  init(_ act: Sabotage) { self.act = act }

  /// The bytes that go out instead.
  ///
  /// - Returns: nil for what was to go out.
  func replacement(
    for bytes: UnsafeRawBufferPointer,
    to side: SimulatedSocket.Side
  ) -> [UInt8]? {
    guard !hasActed else { return nil }
    var bytes = Array(bytes)
    switch (act, side) {
    case (.dropsByte, .client), (.doublesByte, .client), (.swapsBytes, .client):
      guard let place = Self.place(behind: "\"content\":\"e", in: bytes) else { return nil }
      if act == .dropsByte { bytes.remove(at: place) }
      if act == .doublesByte { bytes.insert(bytes[place], at: place) }
      if act == .swapsBytes { bytes.swapAt(place, place - 1) }
    case (.inventsEnd, .client):
      guard Self.place(behind: "\"upstream_disconnected\"", in: bytes) != nil else { return nil }
      bytes += Array("e\r\ndata: [DONE]\n\n\r\n".utf8)
    case (.changesRequest, .backend):
      guard let place = Self.place(behind: "\"content\":\"say", in: bytes) else { return nil }
      bytes[place] ^= 1
    default: return nil
    }
    hasActed = true
    return bytes
  }

  /// True once, for acts that aren't about bytes.
  func takesOccasion(for wanted: Sabotage) -> Bool {
    guard act == wanted, !hasActed else { return false }
    hasActed = true
    return true
  }

  private static func place(behind text: String, in bytes: [UInt8]) -> Int? {
    Bytes.place(of: Array(text.utf8), in: bytes).map { $0 + text.utf8.count }
  }
}
