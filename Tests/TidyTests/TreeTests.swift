import TestSupport
import Testing

/// The rules, applied to the tree as it is.
///
/// What they find is the message of a failure.
@Suite(.offThePool)
struct TreeTests {
  private let tree = SourceTree()

  private func expectNone(
    _ findings: [Finding],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for finding in findings {
      Issue.record(Comment(rawValue: finding.description), sourceLocation: sourceLocation)
    }
  }

  private func swiftFiles() throws -> [TextFile] {
    try tree.files(in: ["Sources", "Tests", "Package.swift"], suffixes: [".swift"])
  }

  private func sources() throws -> [TextFile] {
    try tree.files(in: ["Sources"], suffixes: [".swift"])
  }

  @Test func `the tree is found`() throws {
    #expect(try swiftFiles().contains { $0.path == "Tests/TidyTests/TreeTests.swift" })
    #expect(try !sources().isEmpty)
    #expect(tree.contains("Package.swift"))
  }

  @Test func `files are short enough to read`() throws {
    expectNone(try swiftFiles().flatMap { SizeRules.checkFile($0) })
    let python = try tree.files(in: ["Tests/Integration"], suffixes: [".py"])
    expectNone(python.flatMap { SizeRules.checkFile($0) })
  }

  @Test func `functions do one thing`() throws {
    expectNone(try swiftFiles().flatMap(SizeRules.checkFunctions))
  }

  @Test func `lines fit the column limit`() throws {
    let others = try tree.files(in: ["Scripts", "Tests/Integration"], suffixes: [".py", ".sh"])
    expectNone(try (swiftFiles() + others + scripts()).flatMap(SizeRules.checkColumns))
  }

  @Test func `scripts stay small`() throws {
    let scripts = try scripts()
    #expect(!scripts.isEmpty)
    expectNone(scripts.flatMap { SizeRules.checkFile($0, limit: SizeRules.scriptLines) })
  }

  @Test func `sources hold no banned texts, globals or unexplained unsafety`() throws {
    expectNone(try sources().flatMap(TextRules.checkSource))
  }

  @Test func `tests wait for conditions, they do not sleep`() throws {
    let swift = try tree.files(in: ["Tests"], suffixes: [".swift"])
    let python = try tree.files(in: ["Tests"], suffixes: [".py"])
    expectNone(swift.flatMap { TextRules.check($0, TextRules.swiftTests) })
    expectNone(python.flatMap { TextRules.check($0, TextRules.pythonTests) })
  }

  @Test func `file names say what is inside`() throws {
    expectNone(try swiftFiles().flatMap(StructureRules.checkName))
  }

  @Test func `imports go downwards only`() throws {
    expectNone(try sources().flatMap(StructureRules.checkImports))
  }

  @Test func `the manifest has no unsafe flags`() throws {
    let manifest = try tree.files(in: ["Package.swift"], suffixes: [".swift"])
    #expect(manifest.count == 1)
    expectNone(manifest.flatMap(StructureRules.checkManifest))
  }

  @Test func `links in the documentation lead somewhere`() throws {
    let documents = try tree.files(in: ["README.md", "docs"], suffixes: [".md"])
    #expect(documents.contains { $0.path == "README.md" })
    expectNone(
      documents.flatMap { LinkRules.check($0, documents: documents, exists: tree.contains) }
    )
  }

  private func scripts() throws -> [TextFile] {
    try tree.files(in: ["Scripts"], suffixes: [""]).filter { $0.text.hasPrefix("#!") }
  }
}
