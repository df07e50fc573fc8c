import ArgumentParser
import OAIRouter
import TestSupport
import Testing

@testable import oairouter

@Suite(.offThePool)
struct SettingTableTests {
  @Test
  func `the defaults are those of the library`() throws {
    var options = RouterOptions()
    for key in SettingTable.keys { key.apply?(&options, key.standard) }
    let standard = RouterOptions()
    #expect(options.proxy == standard.proxy)
    #expect(options.rewrites == standard.rewrites)
    #expect(options.defaultBackend == standard.defaultBackend)
    let setup = RouterSetup(settings: Settings())
    #expect(try setup.reloadable().health == standard.health)
    #expect(try setup.reloadable().proxy == standard.proxy)
  }

  @Test
  func `paths, flags and variables are each unique`() {
    let keys = SettingTable.keys
    #expect(Set(keys.map(\.path)).count == keys.count)
    #expect(Set(keys.map(\.variable)).count == keys.count)
    let flags = keys.flatMap { [$0.flagName] + $0.flagAliases }
    #expect(Set(flags).count == flags.count)
    #expect(!keys.map(\.variable).contains(EnvironmentSettings.file))
  }

  @Test
  func `no key is a section, too`() {
    for key in SettingTable.keys {
      #expect(!SettingTable.keys.contains { $0.path.hasPrefix(key.path + ".") })
    }
  }

  @Test(arguments: SettingTable.keys.map(\.path))
  func `every key has a flag`(path: String) throws {
    let key = try #require(SettingTable.key(path))
    for name in [key.flagName] + key.flagAliases {
      // Whether the value is any good isn't the parser's business.
      let serve = try Serve.parse(["--\(name)", "x"])
      #expect(SettingFlag.all(in: serve) == [path: ["x"]])
    }
  }

  @Test
  func `a flag that is true or false keeps its value before other flags`() throws {
    let words = [
      "--log.access=false", "--retry.on-timeout", "--queue.max=3", "--", "--log.access=x",
    ]
    let arguments = SettingFlag.separatingValues(in: words)
    #expect(
      arguments == [
        "--log.access", "false", "--retry.on-timeout", "--queue.max=3", "--", "--log.access=x",
      ]
    )
    let serve = try Serve.parse(Array(arguments.prefix { $0 != "--" }))
    #expect(
      SettingFlag.all(in: serve) == [
        "log.access": ["false"], "retry.on_timeout": ["true"], "queue.max": ["3"],
      ]
    )
  }

  @Test
  func `a flag that is true or false may stand alone`() throws {
    let arguments = ["--retry.on-timeout", "--timeouts.idle-strict", "--queue.max", "3"]
    let serve = try Serve.parse(arguments)
    #expect(
      SettingFlag.all(in: serve) == [
        "retry.on_timeout": ["true"], "timeouts.idle_strict": ["true"], "queue.max": ["3"],
      ]
    )
  }

  @Test
  func `what a default is shown as reads as the same`() throws {
    for key in SettingTable.keys where key.standard != .nothing {
      let node = try YAMLDocument.parse(Array(key.standard.rendered.utf8))
      #expect(try key.form.read(node, key.path) == key.standard)
    }
  }
}
