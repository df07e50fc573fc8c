import OAIRProxy

/// Writes metrics as Prometheus' text format 0.0.4 or OpenMetrics 1.0.
///
/// The two differ in how a counter's family is called, in the last line, and in nothing else that
/// is written here.
struct MetricsText {
  /// What a metric is.
  enum Kind: String {
    case counter, gauge, histogram
  }

  /// What has been written.
  private(set) var bytes: [UInt8] = []
  private let isOpenMetrics: Bool
  private var name: [UInt8] = []

  init(isOpenMetrics: Bool) {
    self.isOpenMetrics = isOpenMetrics
    bytes.reserveCapacity(256 << 10)
  }

  /// Begins a metric; its samples must follow.
  ///
  /// - Parameters:
  ///   - name: without `_total`, which a counter's samples get.
  ///   - kind: what it is.
  ///   - help: one line, without backslashes.
  mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    let samples = kind == .counter ? name + "_total" : name
    let family = isOpenMetrics ? name : samples
    append("# HELP \(family) \(help)\n# TYPE \(family) \(kind.rawValue)\n")
    self.name = Array(samples.utf8)
  }

  /// Writes one sample.
  ///
  /// - Parameters:
  ///   - value: a whole number.
  ///   - labels: from `label(_:_:)`, with commas between them; may be empty.
  mutating func sample(_ value: UInt64, _ labels: [UInt8] = []) {
    appendName("", labels)
    append(decimal: value)
  }

  /// Writes one sample whose value isn't whole.
  mutating func sample(number value: Double, _ labels: [UInt8] = []) {
    appendName("", labels)
    append("\(value)\n")
  }

  /// Writes one sample that is a time.
  mutating func sample(nanoseconds: UInt64, _ labels: [UInt8] = []) {
    appendName("", labels)
    append(seconds: nanoseconds)
  }

  /// Writes all samples of one histogram.
  ///
  /// - Parameter bounds: those of the unit that it was counted in.
  mutating func histogram(
    _ histogram: Histogram,
    _ bounds: HistogramBounds,
    _ labels: [UInt8] = []
  ) {
    var count: UInt64 = 0
    let comma: [UInt8] = labels.isEmpty ? [] : [UInt8(ascii: ",")]
    for bucket in histogram.counts.indices {
      count &+= histogram.counts[bucket]
      bytes += name
      append("_bucket{")
      bytes += labels
      bytes += comma
      bytes += bounds.labels[bucket]
      append("} ")
      append(decimal: count)
    }
    appendName("_sum", labels)
    append(seconds: histogram.sum)
    appendName("_count", labels)
    append(decimal: count)
  }

  /// Ends the text.
  mutating func end() {
    if isOpenMetrics { append("# EOF\n") }
  }

  private mutating func appendName(_ suffix: String, _ labels: [UInt8]) {
    bytes += name
    append(suffix)
    if !labels.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      bytes += labels
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func append(_ text: String) { bytes += text.utf8 }

  private mutating func append(decimal value: UInt64) {
    bytes += String(value).utf8
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func append(seconds nanoseconds: UInt64) {
    let fraction = String(nanoseconds % 1_000_000_000 + 1_000_000_000).utf8.dropFirst()
    bytes += String(nanoseconds / 1_000_000_000).utf8
    bytes.append(UInt8(ascii: "."))
    bytes += fraction
    bytes.append(UInt8(ascii: "\n"))
  }

  // MARK: Labels

  /// A label with its value, which may be any text.
  ///
  /// Control characters, which the formats allow, become visible: a person may look at it in a
  /// terminal.
  static func label(_ name: String, _ value: String) -> [UInt8] {
    var bytes = Array("\(name)=\"".utf8)
    // Most values are plain, and there may be thousands of them on a page.
    if value.utf8.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != 0x22 && $0 != 0x5c }) {
      bytes += value.utf8
      bytes.append(UInt8(ascii: "\""))
      return bytes
    }
    for scalar in value.unicodeScalars {
      switch scalar.value {
      case 0x22: bytes += #"\""#.utf8
      case 0x5c: bytes += #"\\"#.utf8
      case 0x00...0x1f, 0x7f...0x9f, 0x2028...0x202e, 0x2066...0x2069:
        bytes += "\\\\u{\(String(scalar.value, radix: 16))}".utf8
      default: bytes += String(scalar).utf8
      }
    }
    bytes.append(UInt8(ascii: "\""))
    return bytes
  }

  /// Several labels.
  static func labels(_ labels: (name: String, value: String)...) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in labels {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes += label(name, value)
    }
    return bytes
  }
}

/// The buckets' upper bounds as labels, for one unit.
struct HistogramBounds {
  /// `le="0.005"` and so on, the last one `le="+Inf"`.
  let labels: [[UInt8]]

  /// - Parameter unit: the first bound, in nanoseconds.
  init(unit: UInt64) {
    let bounds = (0..<Histogram.buckets).map { bucket in
      Array("le=\"\(Double(unit << UInt64(bucket)) / 1e9)\"".utf8)
    }
    labels = bounds + [Array("le=\"+Inf\"".utf8)]
  }
}
