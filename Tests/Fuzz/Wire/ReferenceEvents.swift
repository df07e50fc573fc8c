/// Where events end and how many there are: by the letter of WHATWG HTML section 9.2.6, or lines.
struct ReferenceEvents {
  private(set) var boundary = 0
  /// Complete events with data, or lines that aren't blank.
  private(set) var events = 0
  private(set) var comments = 0

  private var line: [UInt8] = []
  private var isFirst = true
  private var hasFields = false
  private var hasData = false

  init(_ payload: [UInt8], isLines: Bool) {
    var index = 0
    while index < payload.count {
      let byte = payload[index]
      index += 1
      guard byte == 10 || byte == 13 && !isLines else {
        line.append(byte)
        continue
      }
      if byte == 13, index < payload.count, payload[index] == 10 { index += 1 }
      if isFirst, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
      isFirst = false
      if isLines { endJSONLine() } else { endLine() }
      line = []
      if !hasFields { boundary = index }
    }
  }

  private mutating func endJSONLine() {
    if line.contains(where: { ![32, 9, 13].contains($0) }) { events += 1 }
  }

  private mutating func endLine() {
    if line.isEmpty {
      if hasData { events += 1 }
      (hasFields, hasData) = (false, false)
    } else if line[0] == 58 {
      comments += 1
    } else {
      hasFields = true
      if line.starts(with: "data:".utf8) || line == Array("data".utf8) { hasData = true }
    }
  }
}
