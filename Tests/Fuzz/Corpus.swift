import Glibc

/// The inputs of one target, as files in a folder of its name.
struct Corpus {
  private let folder: String

  init(_ target: String, besides file: String = #filePath) {
    let parts = file.split(separator: "/", omittingEmptySubsequences: false)
    folder = parts.dropLast().joined(separator: "/") + "/corpus/" + target
  }

  func inputs() throws -> [(name: String, bytes: [UInt8])] {
    guard let directory = opendir(folder) else { throw Unreadable(path: folder) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return try names.sorted().map { ($0, try Self.bytes(of: folder + "/" + $0)) }
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw Unreadable(path: path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      guard count > 0 else { return bytes }
      bytes += piece[..<count]
    }
  }

  struct Unreadable: Error { let path: String }
}
