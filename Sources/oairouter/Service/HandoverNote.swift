import OAIRouter

/// What a process tells the one that is to go on in its place, in that one's environment; its
/// listeners come as by socket activation (`LISTEN_FDS`, `LISTEN_FDNAMES`).
///
/// Versions differ on both sides: fields that aren't known are ignored, and those that are missing
/// have their defaults.
struct HandoverNote: Equatable {
  /// Not `OAIROUTER_…`: that would be a key of the configuration.
  static let variable = "OAIR_HANDOVER"

  /// Who hands over: a child whose parent is another process isn't meant.
  var parent: Int32
  /// The descriptor of the channel by which the two agree.
  var channel: Int32
  /// Which of the listeners, by their order, come with the files of their sockets.
  var owned: Set<Int> = []
  /// The terminal that the first of all was started from may go (nohup(1)).
  var outlivesTerminal = false
  /// What was counted of upgrades, this one as a success.
  var upgrades = UpgradeRecord.State()

  init(parent: Int32, channel: Int32) {
    self.parent = parent
    self.channel = channel
  }

  /// Reads the variable.
  ///
  /// - Returns: nil for what isn't a note.
  init?(_ text: String) {
    var fields: [Substring: Substring] = [:]
    for field in text.split(separator: ";") {
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { fields[parts[0]] = parts[1] }
    }
    guard let parent = fields["parent"].flatMap({ Int32($0) }), parent > 0,
      let channel = fields["channel"].flatMap({ Int32($0) }), channel > 2
    else { return nil }
    self.init(parent: parent, channel: channel)
    owned = Set((fields["owned"] ?? "").split(separator: ",").compactMap { Int($0) })
    outlivesTerminal = fields["nohup"] == "1"
    upgrades.succeeded = fields["succeeded"].flatMap { UInt64($0) } ?? 1
    upgrades.failed = fields["failed"].flatMap { UInt64($0) } ?? 0
  }

  /// The variable's value.
  var text: String {
    let owned = owned.sorted().map(String.init).joined(separator: ",")
    return "parent=\(parent);channel=\(channel);owned=\(owned);"
      + "nohup=\(outlivesTerminal ? 1 : 0);"
      + "succeeded=\(upgrades.succeeded);failed=\(upgrades.failed)"
  }
}

/// What the two say to each other, in this order.
///
/// ```
///  former                                successor
///     | ----- starts it -------------------> |  reads its configuration, finds its backends
///     | <---------------- prepared VERSION - |  or: failed REASON
///     | - serve ---------------------------> |  accepts, beside the former
///     | <-------------------------- serving -|  its loop has turned
///     | - still there ---------------------> |  ignored: it can't be sent to one that has ended
///     | - yours ---------------------------> |  speaks to the service manager from now on
///     |  accepts no more, finishes
/// ```
enum HandoverWord {
  static let prepared = "prepared "
  static let failed = "failed "
  static let serve = "serve"
  static let serving = "serving"
  static let yours = "yours"
  /// Says nothing; it can't be sent to a process that has ended.
  static let still = "still there"
}
