import FoundationEssentials

/// One text file of the package, by its path relative to the package's root.
struct TextFile: Sendable {
  let path: String
  let text: String

  /// The lines without their ends; a final newline opens no line of its own.
  var lines: [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// The last component of the path.
  var name: String { String(path.split(separator: "/").last ?? "") }

  /// The target that owns the file (`Sources/<target>/…`), or nil outside of Sources.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }
}

/// The package's files as they are on disk, read once per test.
struct SourceTree: Sendable {
  enum Failure: Error {
    case unreadable(String)
  }

  /// The package's root, found from this file's own place: Tests/TidyTests/SourceTree.swift.
  let root: String

  init(thisFile: String = #filePath) {
    root = thisFile.split(separator: "/", omittingEmptySubsequences: false)
      .dropLast(3).joined(separator: "/")
  }

  /// All files below the folders (or the files themselves) that end with one of the suffixes.
  ///
  /// A place that doesn't exist has none.
  func files(in places: [String], suffixes: [String]) throws -> [TextFile] {
    var found: [TextFile] = []
    for place in places {
      guard contains(place) else { continue }
      let names =
        isFolder(place)
        ? try FileManager.default.subpathsOfDirectory(atPath: root + "/" + place)
          .map { place + "/" + $0 }
        : [place]
      for name in names.sorted()
      where suffixes.contains(where: { name.hasSuffix($0) }) && !isFolder(name) {
        found.append(TextFile(path: name, text: try text(of: name)))
      }
    }
    return found
  }

  /// Whether something is there under the path.
  func contains(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root + "/" + path)
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder = false
    let isThere = FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder)
    return isThere && isFolder
  }

  private func text(of path: String) throws -> String {
    guard let bytes = FileManager.default.contents(atPath: root + "/" + path) else {
      throw Failure.unreadable(path)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
