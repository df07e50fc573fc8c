import OAIRDiscovery
import OAIRouter

/// What a setting may be: the one place from which it is read, described and explained.
indirect enum SettingForm: Sendable {
  /// `true` or `false`; `on` and `off` mean the same.
  case boolean
  case integer(ClosedRange<Int>)
  case duration(ClosedRange<Duration>)
  /// A number of bytes.
  case size(ClosedRange<Int>)
  case word([String])
  /// `auto`, `on`, `off`; `true` and `false` mean the latter two.
  case toggle
  case text(TextForm)
  /// One of these words, or something else.
  case wordOr([String], SettingForm)
  /// `null`, or something else.
  case optional(SettingForm)
  case list(SettingForm)
  /// Names of the user's own, each with a value.
  case map(SettingForm)
  /// A map with these keys, for texts: "a backend".
  case record(String, [SettingKey])
}

/// What a text must be.
struct TextForm: Sendable {
  /// "an address".
  let name: String
  /// Not shown, when it's true.
  var isSecret = false
  /// What is wrong with a text; nil when nothing is.
  var problem: @Sendable (String) -> String? = { _ in nil }
}

extension SettingForm {
  /// Any text but the empty one.
  static let anyText = SettingForm.text(TextForm(name: "a text"))
  static let secret = SettingForm.text(
    TextForm(name: "a secret", isSecret: true) { text in
      // Whoever keeps what `check` has shown would keep a router that shows asterisks to backends.
      guard text == SettingValue.mask else { return nil }
      return "this stands for a secret that isn't shown; write the secret, or a variable such as "
        + "${KEY}"
    }
  )

  /// Where something listens.
  static let address = SettingForm.text(
    TextForm(name: "an address") { SocketAddress.problem(in: $0) }
  )

  static let addressRange = SettingForm.text(
    TextForm(name: "a range of addresses") { text in
      AddressRange(text) != nil ? nil : "a range of addresses is such as 10.0.0.0/8 or fd00::/8"
    }
  )

  static let containerEngine = SettingForm.text(
    TextForm(name: "a container engine's address") { text in
      do throws(DockerEndpointError) {
        _ = try DockerEndpoint(url: text)
        return nil
      } catch { return error.description }
    }
  )

  static let engine = SettingForm.word(Backend.Kind.all.map(\.name))

  /// A duration that isn't zero.
  static let someTime = SettingForm.duration(.microseconds(1)...longest)
  /// A duration, or zero for none.
  static let anyTime = SettingForm.duration(.zero...longest)
  /// LIMIT: 10,000 hours fit every clock that a duration is added to.
  private static let longest = Duration.seconds(10_000 * 3600)
  /// LIMIT: sums of sizes stay far from overflowing.
  static let someBytes = SettingForm.size(1024...(1 << 40))

  /// True when a text of a flag or a variable is its whole value, without being YAML.
  var isScalar: Bool {
    switch self {
    case .list, .map, .record: false
    case .optional(let form), .wordOr(_, let form): form.isScalar
    default: true
    }
  }
}
