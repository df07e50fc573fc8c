import Testing

@testable import oairouter

struct SettingsReaderTests {
  private func settings(
    _ yaml: String = "",
    flags: [String: [String]] = [:],
    _ environment: [String: String] = [:]
  ) throws -> Settings {
    let source = ConfigurationSource(file: "f.yaml", flags: flags, environment: environment)
    return try source.settings(of: Array(yaml.utf8))
  }

  private func problem(
    _ yaml: String = "",
    flags: [String: [String]] = [:],
    _ environment: [String: String] = [:]
  ) -> String? {
    do {
      _ = try settings(yaml, flags: flags, environment)
      return nil
    } catch { return "\(error)" }
  }

  @Test
  func `flags come before the environment, and that before the file`() throws {
    let yaml = "timeouts: {head: 1s, write: 2s, idle: 3s}\n"
    let environment = ["OAIROUTER_TIMEOUTS_WRITE": "20s", "OAIROUTER_TIMEOUTS_IDLE": "30s"]
    let flags = ["timeouts.idle": ["300s"]]
    let settings = try settings(yaml, flags: flags, environment)
    #expect(settings["timeouts.head"].origin.description == "f.yaml:1")
    #expect(settings["timeouts.write"].origin == .environment("OAIROUTER_TIMEOUTS_WRITE"))
    #expect(settings["timeouts.idle"].origin == .flag("--timeouts.idle"))
    #expect(settings["timeouts.drain"].origin == .standard)
    let names = ["head", "write", "idle", "drain"]
    let values = names.map { settings.value("timeouts.\($0)").duration }
    #expect(values == [.seconds(1), .seconds(20), .seconds(300), .seconds(30)])
  }

  @Test
  func `lists are replaced as a whole, whatever form they have`() throws {
    let yaml = "cors: {origins: [https://a, https://b]}\n"
    let variable = ["OAIROUTER_CORS_ORIGINS": #"["https://c"]"#]
    #expect(try settings(yaml, variable).value("cors.origins").elements == [.text("https://c")])
    let flags = ["cors.origins": ["https://d", "https://e"]]
    #expect(
      try settings(yaml, flags: flags, variable).value("cors.origins").elements
        == [.text("https://d"), .text("https://e")]
    )
    let address = try settings(flags: ["listen": ["[::1]:80"]]).value("listen")
    #expect(address == .list([.text("[::1]:80")]))
  }

  @Test
  func `an empty variable and an empty section say nothing`() throws {
    let settings = try settings("timeouts:\nlimits: ~\n", ["OAIROUTER_QUEUE_MAX": ""])
    #expect(settings.differences(from: Settings()).isEmpty)
    #expect(!settings.isSaid("queue.max"))
  }

  @Test
  func `mistakes in variables and flags are told by their names`() {
    #expect(
      problem("", ["OAIROUTER_QUEUE_MAX": "many"])
        == "OAIROUTER_QUEUE_MAX: queue.max must be a whole number from 0 to 1000000; here is many"
    )
    let flags = ["backends": ["a=http://127.0.0.1:1", "b=http://127.0.0.1:2,wieght=3"]]
    #expect(
      problem(flags: flags)
        == "--backend b=http://127.0.0.1:2,wieght=3: a backend has no key 'wieght'; did you mean "
        + "'weight'?"
    )
    #expect(problem(flags: ["fallbacks": ["{"]])?.hasPrefix("--fallbacks:") == true)
  }

  @Test
  func `a variable that looks like a slip of the pen is told, others aren't`() throws {
    let environment = [
      "OAIROUTER_TIMEOUT_HEAD": "1s", "OAIROUTER_PORT_11434_TCP": "tcp://10.0.0.1:11434",
      "OAIROUTER_SERVICE_HOST": "10.0.0.1", "OAIROUTER_BIN": "/bin/true",
    ]
    #expect(
      try settings("{}", environment).warnings == [
        "the variable OAIROUTER_TIMEOUT_HEAD sets nothing; did you mean 'OAIROUTER_TIMEOUTS_HEAD'?"
      ]
    )
  }

  @Test
  func `variables stand in values, and stay one value`() throws {
    let environment = ["MAX": "7", "NAME": "a: b, [c]", "EMPTY": ""]
    let yaml = "queue: {max: \"${MAX}\"}\ndefault_backend: x-${NAME}-$${y}${EMPTY}\n"
    let settings = try settings(yaml, environment)
    #expect(settings.value("queue.max") == .integer(7))
    #expect(settings.value("default_backend") == .text("x-a: b, [c]-${y}"))
  }

  @Test
  func `JSON is YAML`() throws {
    let settings = try settings(#"{"retry": {"attempts": 1}, "aliases": {"b": "x", "a": "y"}}"#)
    #expect(settings.value("retry.attempts") == .integer(1))
    #expect(settings.value("aliases").members.map(\.name) == ["a", "b"])
  }

  @Test
  func `what is shown reads as the same, and has no secret in it`() throws {
    let yaml = """
      backends: [{id: a, url: "http://127.0.0.1:1", weight: 1, models: [m, "x: y"]}]
      aliases: {"a \\" b": "true"}
      limits: {body: 65MiB}
      """
    let before = try settings(yaml)
    let listing = SettingsListing(settings: before)
    #expect(try settings(listing.yaml).differences(from: before).isEmpty)
    #expect(!SettingValue.secret("hush").rendered.contains("hush"))
    let map = SettingValue.map([.init(name: "k", value: .secret("hush"))])
    #expect(map.rendered == #"{k: "********"}"#)
  }
}
