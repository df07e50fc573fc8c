/// Names of files, directions of imports, manifest.
enum StructureRules {
  /// Parts of file names that say nothing about what is inside.
  static let emptyNames = [
    "Utils", "Utilities", "Utility", "Helper", "Helpers", "Common", "Misc", "Stuff", "Extensions",
    "Manager",
  ]

  /// What each target may import beside Swift's own modules: the table of docs/ARCHITECTURE.md.
  static let imports: [String: Set<String>] = [
    "COAIRSys": [],
    "CCares": [],
    "CYAML": [],
    "CProgram": [],
    "OAIRSys": ["COAIRSys", "Glibc"],
    "OAIRHTTP1": ["Glibc"],
    "OAIRWire": ["Glibc"],
    "OAIRTypes": ["FoundationEssentials"],
    "OAIRReactor": ["OAIRSys", "Glibc", "HeapModule"],
    "OAIRRouting": ["OAIRSys", "OAIRWire", "Glibc", "Dispatch"],
    "OAIRDiscovery": [
      "OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRTypes", "OAIRRouting", "CCares",
      "Glibc", "Dispatch", "FoundationEssentials",
    ],
    "OAIRAdmin": ["OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "Glibc"],
    "OAIRProxy": [
      "OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRRouting", "Glibc", "DequeModule",
      "HeapModule",
    ],
    "OAIRouter": [
      "OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRTypes", "OAIRRouting", "OAIRProxy",
      "OAIRDiscovery", "OAIRAdmin", "Logging", "Glibc", "Dispatch", "FoundationEssentials",
    ],
    "OAIRMock": ["OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRTypes", "Glibc"],
    "OAIRBench": ["OAIRSys", "OAIRReactor", "OAIRHTTP1", "OAIRWire", "OAIRTypes", "Glibc"],
    "oairouter": [
      "OAIRouter", "OAIRDiscovery", "OAIRMock", "OAIRBench", "CYAML", "CProgram", "ArgumentParser",
      "Logging", "Glibc", "Dispatch", "FoundationEssentials",
    ],
  ]

  /// Part of the language's own library; every target may use it.
  static let standard: Set<String> = ["Swift", "Synchronization", "_Concurrency"]

  static func checkName(_ file: TextFile) -> [Finding] {
    let stem = file.name.split(separator: ".").first.map(String.init) ?? file.name
    let parts = stem.split(separator: "+")
    guard let empty = emptyNames.first(where: { name in parts.contains { $0.hasSuffix(name) } })
    else {
      return []
    }
    return [
      Finding(
        path: file.path,
        line: 1,
        what: "'\(empty)' says nothing about what is inside",
        instead: "name the file after its one main type"
      )
    ]
  }

  static func checkImports(_ file: TextFile) -> [Finding] {
    guard let target = file.target else { return [] }
    guard let allowed = imports[target] else {
      return [
        Finding(
          path: file.path,
          line: 1,
          what: "target '\(target)' has no row in the import table",
          instead: "give it one in StructureRules.imports and in docs/ARCHITECTURE.md"
        )
      ]
    }
    return importedModules(file).filter {
      !allowed.contains($0.module) && !standard.contains($0.module)
    }.map {
      Finding(
        path: file.path,
        line: $0.line,
        what: "\(target) may not import \($0.module)",
        instead: "move the code to a layer that may, or pass the value in from above"
      )
    }
  }

  static func checkManifest(_ file: TextFile) -> [Finding] {
    SwiftMask(file.text).lines.enumerated().filter { hasWord("unsafeFlags", $0.element) }.map {
      Finding(
        path: file.path,
        line: $0.offset + 1,
        what: "unsafeFlags",
        instead: "do without: a package that has them can't be depended on"
      )
    }
  }

  /// The modules that a file imports, with their lines: `public import struct A.B` gives `A`.
  static func importedModules(_ file: TextFile) -> [(module: String, line: Int)] {
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "typealias"]
    return SwiftMask(file.text).lines.enumerated().compactMap { index, line in
      let words = line.split(separator: " ")
      guard let keyword = words.firstIndex(of: "import"),
        words[..<keyword].allSatisfy({ isModifier($0) }),
        let path = words[(keyword + 1)...].first(where: { !kinds.contains($0) }),
        let module = path.split(separator: ".").first
      else { return nil }
      return (String(module), index + 1)
    }
  }

  private static func isModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@")
      || ["public", "package", "internal", "private", "fileprivate"].contains(word)
  }
}
