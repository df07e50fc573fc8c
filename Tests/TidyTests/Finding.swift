/// Something that isn't as this project wants it, and what to do instead.
struct Finding: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let what: String
  let instead: String

  var description: String { "\(path):\(line): \(what); \(instead)" }
}
