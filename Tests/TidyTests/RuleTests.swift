import Testing

/// The rules on literal input: each finds what it is for, and leaves the like of it alone.
@Suite struct RuleTests {
  private func source(_ text: String, _ path: String = "Sources/OAIRProxy/Exchange.swift")
    -> TextFile
  {
    TextFile(path: path, text: text)
  }

  private func body(lines: Int) -> String {
    (0..<lines).map { "    work(\($0))\n" }.joined()
  }

  // MARK: Masking

  @Test(arguments: [
    ("let a = 1  // try!", "let a = 1         "),
    ("/* a /* b */ c */ d", "                  d"),
    (#"f("try! {", x)"#, #"f("      ", x)"#),
    (#"f("\(g("}")) {", x)"#, #"f("    " "    ", x)"#),
    (##"f(#"" {"#, x)"##, ##"f(#"   "#, x)"##),
    ("func `a { b`() {}", "func `xxxxx`() {}"),
    (#""\\" + a"#, #""  " + a"#),
    (#""\"" + a"#, #""  " + a"#),
  ])
  func `comments and strings are masked`(source: String, masked: String) {
    #expect(SwiftMask(source).lines == [masked])
  }

  @Test func `multi-line strings and unfinished text are masked to their end`() {
    let text = SwiftMask("\"\"\"\n  { \"x\" }\n  \"\"\" {")
    #expect(text.lines == ["\"\"\"", "         ", "  \"\"\" {"])
    #expect(SwiftMask("/* {").lines == ["    "])
    #expect(SwiftMask("\"{").lines == ["\" "])
  }

  // MARK: Sizes

  @Test func `a file over the limit is found, one at the limit is not`() {
    #expect(SizeRules.checkFile(source(String(repeating: "\n", count: 601))).count == 1)
    #expect(SizeRules.checkFile(source(String(repeating: "\n", count: 600))).isEmpty)
  }

  @Test func `columns are counted as characters`() {
    let wide = "// " + String(repeating: "é", count: 98)
    let findings = SizeRules.checkColumns(source("// ok\n" + wide + "\n"))
    #expect(findings.map(\.line) == [2])
    #expect(SizeRules.checkColumns(source(String(wide.dropLast()))).isEmpty)
  }

  @Test(arguments: ["func a() {\n", "init(a: () -> Void = {}) throws\n{\n", "var a: Int {\n"])
  func `a long body is found by its declaration`(declaration: String) {
    let text = "struct S {\n" + declaration + body(lines: 70) + "}\n}\n"
    #expect(SizeRules.checkFunctions(source(text)).map(\.line) == [2])
  }

  @Test func `a body at the limit, a requirement and a stored property are fine`() {
    let text = """
      protocol P {
        func a()
        var b: Int { get }
      }
      struct S {
        var c = 1
        var d: [Int] = { [1] }()
        func e() {
      \(body(lines: 67))  }
      }
      """
    #expect(SizeRules.checkFunctions(source(text)).isEmpty)
  }

  @Test func `a function nested in a long one is measured by itself`() {
    let inner = "  func inner() {\n" + body(lines: 70) + "  }\n"
    let spans = FunctionScan(SwiftMask("func outer() {\n" + inner + "}\n")).spans()
    #expect(spans.map(\.name) == ["outer", "inner"])
    #expect(spans.map(\.length) == [74, 72])
  }

  @Test func `the exemption is for a long switch only`() {
    let marker = SizeRules.exemption + ": every state\n"
    let long = "func a() {\n" + body(lines: 70) + "}\n"
    let machine = "func a() {\n  switch self {\n" + body(lines: 70) + "  }\n}\n"
    #expect(SizeRules.checkFunctions(source(marker + machine)).isEmpty)
    #expect(SizeRules.checkFunctions(source(machine)).count == 1)
    #expect(SizeRules.checkFunctions(source(marker + long)).map(\.line) == [2, 1])
    #expect(SizeRules.checkFunctions(source(marker + "func a() {}\n")).map(\.line) == [1])
  }

  // MARK: Texts

  @Test(arguments: [
    "import Foundation", "public import Foundation", "let a = try! b()", "let a = b as! C",
    "// TO" + "DO: later", "fatalError(\"TO" + "DO\")", "  print(a)", "await a()", "Task { }",
    "Task.detached { }", "var count = 0", "public var count = 0", "  static var count = 0",
    "  nonisolated(unsafe) let a: Int", "struct A: @unchecked Sendable {}", "exit(1)",
    "  static let shared = A()",
  ])
  func `a banned text is found`(line: String) {
    #expect(TextRules.checkSource(source("\n" + line + "\n")).map(\.line) == [2])
  }

  @Test(arguments: [
    "import FoundationEssentials", "// try! would trap", "let a = \"as! print(\"", "fingerprint(a)",
    "  writer.print(a)", "  func print(_ a: Int) {}", "let awaited = 1", "let count = 0",
    "  var count = 0", "  static var count: Int { a == b }", "TaskList()",
    "// SAFETY: owned by one thread.\nstruct A: @unchecked Sendable {}",
  ])
  func `the like of a banned text is fine`(line: String) {
    #expect(TextRules.checkSource(source(line + "\n")).isEmpty)
  }

  @Test func `the program may print and suspend`() {
    let program = source("print(await a())\n", "Sources/oairouter/Serve.swift")
    #expect(TextRules.checkSource(program).isEmpty)
  }

  @Test func `sleeping tests are found`() {
    let swift = source("try await Task.sleep(for: .seconds(1))\n", "Tests/A/B.swift")
    #expect(TextRules.check(swift, TextRules.swiftTests).count == 1)
    let python = source("import time\ntime.sl" + "eep(1)\n", "Tests/Integration/test_a.py")
    #expect(TextRules.check(python, TextRules.pythonTests).map(\.line) == [2])
  }

  // MARK: Structure

  @Test(arguments: ["StringUtils.swift", "Helpers.swift", "Common.swift", "Array+Common.swift"])
  func `an empty name is found`(name: String) {
    #expect(StructureRules.checkName(source("", "Sources/OAIRSys/" + name)).count == 1)
  }

  @Test(arguments: ["Slab.swift", "Reactor+Time.swift", "Database.swift", "CommonName.swift"])
  func `a telling name is fine`(name: String) {
    #expect(StructureRules.checkName(source("", "Sources/OAIRSys/" + name)).isEmpty)
  }

  @Test(arguments: [
    ("OAIRProxy", "import OAIRDiscovery"), ("OAIRDiscovery", "public import OAIRProxy"),
    ("OAIRHTTP1", "import FoundationEssentials"), ("OAIRSys", "import OAIRReactor"),
    ("OAIRMock", "@testable import OAIRProxy"), ("OAIRWire", "import struct OAIRHTTP1.ByteRange"),
    ("OAIRNew", "import Glibc"),
  ])
  func `an import against the layers is found`(target: String, line: String) {
    let file = source("// x\n" + line + "\n", "Sources/\(target)/A.swift")
    #expect(StructureRules.checkImports(file).count == 1)
  }

  @Test(arguments: [
    ("OAIRProxy", "public import OAIRReactor"), ("OAIRSys", "internal import COAIRSys"),
    ("OAIRReactor", "import Synchronization"), ("oairouter", "import ArgumentParser"),
    ("OAIRHTTP1", "// import OAIRSys"), ("OAIRHTTP1", "let important = \"import OAIRSys\""),
  ])
  func `an import down the layers is fine`(target: String, line: String) {
    let file = source(line + "\n", "Sources/\(target)/A.swift")
    #expect(StructureRules.checkImports(file).isEmpty)
  }

  @Test func `unsafe flags are found in code, not in comments`() {
    let manifest = source("// unsafeFlags\n.unsafeFlags([])\n", "Package.swift")
    #expect(StructureRules.checkManifest(manifest).map(\.line) == [2])
  }

  // MARK: Links

  @Test func `a broken link and a missing heading are found`() {
    let other = source("# Other page\n\n## Limits, by `name`\n", "docs/OTHER.md")
    let page = source(
      """
      # Page
      [a](OTHER.md) [b](OTHER.md#limits-by-name) [c](#page) [d](../README.md) [e](https://x.test)
      [f](MISSING.md)
      [g](OTHER.md#nothing)
      `[h](NOT_A_LINK.md)`
      ```
      [i](NOT_A_LINK.md)
      ```
      [j](../../outside.md)
      """,
      "docs/PAGE.md"
    )
    let there: Set<String> = ["docs/OTHER.md", "docs/PAGE.md", "README.md"]
    let findings = LinkRules.check(page, documents: [other, page]) { there.contains($0) }
    #expect(findings.map(\.line) == [3, 4, 9])
  }

  @Test func `every finding says what to do instead`() {
    let bans = TextRules.sources + TextRules.libraries + TextRules.swiftTests
    #expect((bans + TextRules.pythonTests).allSatisfy { !$0.instead.isEmpty })
    let finding = Finding(path: "a", line: 1, what: "b", instead: "c")
    #expect(finding.description == "a:1: b; c")
  }
}
