import OAIRouter

/// The records that lists of the configuration consist of.
enum SettingRecord {
  /// What any whole number of a backend's record may be.
  private static let tiers = Int(Int32.min)...Int(Int32.max)

  /// Read once more by `BackendList`, which knows what a URL and an id are.
  static let backend = SettingForm.record(
    "a backend",
    [
      SettingKey("id", .anyText, "null", "Its name; by default the URL without its scheme."),
      SettingKey(required: "url", .anyText, "where it is, such as http://10.0.0.5:8000"),
      SettingKey("type", .engine, "auto", "Its engine; auto finds out."),
      SettingKey("models", .list(.anyText), "[]", "Its models, if it can't list them."),
      SettingKey(
        "weight",
        .integer(1...CandidateFacts.greatestWeight),
        "1",
        "Its share against its peers."
      ),
      SettingKey("priority", .integer(tiers), "0", "Its tier; lower ones are used first."),
      SettingKey(
        "max_in_flight",
        .integer(0...tiers.upperBound),
        "0",
        "Requests at a time; 0: no bound."
      ),
      SettingKey(
        "on_disconnect",
        .word(Backend.OnDisconnect.allCases.map(\.rawValue)),
        "abort",
        "What becomes of a request whose client has left."
      ),
      SettingKey("api_key", .secret, "null", "The key that it is shown, such as ${GPU_KEY}."),
      SettingKey("api_key_file", .anyText, "null", "A file with that key."),
      SettingKey("api_key_env", .anyText, "null", "A variable with that key."),
      SettingKey("headers", .map(.secret), "{}", "Further fields that it is sent."),
    ]
  )

  static let imageRule = SettingForm.record(
    "an image rule",
    [
      SettingKey(required: "image", .anyText, "the image's repository; * stands for anything"),
      SettingKey(required: "type", .engine, "the engine inside"),
      SettingKey(required: "port", .integer(1...65_535), "the port inside"),
    ]
  )

  /// Read once more by `DNSService`, which knows what fits together.
  static let dnsName = SettingForm.record(
    "an element of discovery.dns",
    [
      SettingKey(required: "name", .anyText, "such as vllm.models.svc"),
      SettingKey("record", .word(["srv", "a"]), "srv", "Services with ports, or addresses."),
      SettingKey("type", .engine, "auto", "The engine there; auto finds out."),
      SettingKey("port", .integer(1...65_535), "null", "The port, with record: a."),
      SettingKey("server", .address, "null", "Who is asked; null: the system's name servers."),
      SettingKey("max_ttl", .someTime, "5m", "How old an answer may get."),
    ]
  )

  static let clientKey = SettingForm.record(
    "a key",
    [
      SettingKey(required: "id", .anyText, "its name, for logs"),
      SettingKey("key", .secret, "null", "The key itself, such as ${TEAM_A_KEY}."),
      SettingKey("key_file", .anyText, "null", "A file with the key."),
      SettingKey("models", .list(.anyText), "[\"*\"]", "Models that it's for; * for any."),
      SettingKey(
        "requests_per_minute",
        .integer(0...ClientKey.greatestBound),
        "0",
        "Requests in a minute; 0: no bound."
      ),
      SettingKey(
        "concurrent",
        .integer(0...ClientKey.greatestBound),
        "0",
        "Requests at one time; 0: no bound."
      ),
    ]
  )
}
