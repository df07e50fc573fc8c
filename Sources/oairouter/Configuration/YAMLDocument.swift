import CYAML
import OAIRDiscovery

/// Reads a YAML text, and so a JSON text too, into a document.
///
/// The way is libyaml's events: its own documents share nodes between aliases, and have cycles.
enum YAMLDocument {
  /// LIMIT: values of one text, those that aliases repeat included: a few lines of aliases of
  /// aliases can stand for billions.
  static let values = 200_000
  /// LIMIT: lists and maps within each other.
  static let depth = 64

  /// Reads a text that has one document.
  ///
  /// - Parameter bytes: UTF-8 or UTF-16, as YAML may be.
  /// - Throws: `DocumentError` with the place where it stops being YAML, or has what configuration
  ///   doesn't need: tags, keys that aren't text, several documents.
  static func parse(_ bytes: [UInt8]) throws(DocumentError) -> DocumentNode {
    let result = bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(DocumentError) in
        var composer = YAMLComposer(bytes)
        return try composer.document()
      }
    }
    return try result.get()
  }
}

/// Builds a document of a parser's events.
///
/// Owns libyaml's parser; the text must outlive it.
private struct YAMLComposer: ~Copyable {
  // SAFETY: allocated in init, freed in deinit: libyaml keeps pointers into the parser itself, so
  // it must not move.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private var anchors: [String: (node: DocumentNode, values: Int)] = [:]
  private var values = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    parser = .allocate(capacity: 1)
    let isReady = yaml_parser_initialize(parser)
    precondition(isReady == 1, "no memory for a parser")
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// The text's one document; nothing is null.
  mutating func document() throws(DocumentError) -> DocumentNode {
    _ = try next()
    let start = try next()
    if start.kind == YAML_STREAM_END_EVENT { return DocumentNode(.null, at: start.mark) }
    let root = try node(try next(), depth: 0)
    _ = try next()
    let end = try next()
    guard end.kind == YAML_STREAM_END_EVENT else {
      throw DocumentError("the text has a second document here", at: end.mark)
    }
    return root
  }

  private mutating func node(
    _ event: YAMLEvent,
    depth: Int
  ) throws(DocumentError) -> DocumentNode {
    guard depth < YAMLDocument.depth else {
      let problem = "lists and maps may be \(YAMLDocument.depth) deep at most"
      throw DocumentError(problem, at: event.mark)
    }
    if event.hasTag {
      throw DocumentError("tags aren't used here; write the value alone", at: event.mark)
    }
    let before = values
    try count(1, at: event.mark)
    let node: DocumentNode
    switch event.kind {
    case YAML_SCALAR_EVENT:
      node = DocumentNode(scalar: event.text, isPlain: event.isPlain, at: event.mark)
    case YAML_SEQUENCE_START_EVENT: node = try list(event.mark, depth)
    case YAML_MAPPING_START_EVENT: node = try map(event.mark, depth)
    default: return try alias(event)
    }
    if let anchor = event.anchor { anchors[anchor] = (node, values - before) }
    return node
  }

  private mutating func list(
    _ mark: DocumentMark,
    _ depth: Int
  ) throws(DocumentError) -> DocumentNode {
    var nodes: [DocumentNode] = []
    while true {
      let event = try next()
      if event.kind == YAML_SEQUENCE_END_EVENT { return DocumentNode(.list(nodes), at: mark) }
      nodes.append(try node(event, depth: depth + 1))
    }
  }

  private mutating func map(
    _ mark: DocumentMark,
    _ depth: Int
  ) throws(DocumentError) -> DocumentNode {
    var members: [DocumentMember] = []
    var keys: Set<String> = []
    while true {
      let event = try next()
      if event.kind == YAML_MAPPING_END_EVENT { return DocumentNode(.map(members), at: mark) }
      guard event.kind == YAML_SCALAR_EVENT, !event.hasTag, event.anchor == nil else {
        throw DocumentError("a key must be a text", at: event.mark)
      }
      guard event.text != "<<" || !event.isPlain else {
        throw DocumentError(
          "'<<' isn't supported; repeat the whole value by an alias",
          at: event.mark
        )
      }
      guard keys.insert(event.text).inserted else {
        throw DocumentError(twice: event.text, at: event.mark)
      }
      let value = try node(try next(), depth: depth + 1)
      members.append(DocumentMember(key: event.text, at: event.mark, value: value))
    }
  }

  /// An anchor counts once its node is whole, so no node can contain itself.
  private mutating func alias(_ event: YAMLEvent) throws(DocumentError) -> DocumentNode {
    guard let anchor = event.anchor, let (node, values) = anchors[anchor] else {
      throw DocumentError("there is no anchor '\(event.anchor ?? "")' before this", at: event.mark)
    }
    try count(values, at: event.mark)
    return node
  }

  private mutating func count(_ more: Int, at mark: DocumentMark) throws(DocumentError) {
    values += more
    guard values <= YAMLDocument.values else {
      throw DocumentError("the text has more than \(YAMLDocument.values) values", at: mark)
    }
  }

  private func next() throws(DocumentError) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
    defer { yaml_event_delete(&event) }
    return YAMLEvent(event)
  }

  private func failure() -> DocumentError {
    let state = parser.pointee
    let problem = state.problem.map { String(cString: $0) } ?? "it can't be read"
    // A reader's problem (bytes that are no text) has an offset only.
    guard state.error != YAML_READER_ERROR else {
      return DocumentError("\(problem) (byte \(state.problem_offset))")
    }
    let context = state.context.map { String(cString: $0) + ", " } ?? ""
    let mark = DocumentMark(
      line: Int(state.problem_mark.line) + 1,
      column: Int(state.problem_mark.column) + 1
    )
    return DocumentError(context + problem, at: mark)
  }
}

/// What a composer needs of libyaml's event.
private struct YAMLEvent {
  let kind: yaml_event_type_t
  let mark: DocumentMark
  private(set) var text = ""
  private(set) var isPlain = false
  private(set) var hasTag = false
  private(set) var anchor: String?

  init(_ event: yaml_event_t) {
    kind = event.type
    mark = DocumentMark(
      line: Int(event.start_mark.line) + 1,
      column: Int(event.start_mark.column) + 1
    )
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
        as: UTF8.self
      )
      isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      hasTag = scalar.tag != nil
      anchor = Self.string(scalar.anchor)
    case YAML_SEQUENCE_START_EVENT:
      hasTag = event.data.sequence_start.tag != nil
      anchor = Self.string(event.data.sequence_start.anchor)
    case YAML_MAPPING_START_EVENT:
      hasTag = event.data.mapping_start.tag != nil
      anchor = Self.string(event.data.mapping_start.anchor)
    case YAML_ALIAS_EVENT:
      anchor = Self.string(event.data.alias.anchor)
    default: break
    }
  }

  private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    text.map { String(cString: $0) }
  }
}
