import Glibc
import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRDiscovery

struct FileDiscovererTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func json(_ entries: String...) -> String {
    let texts = entries.map { entry in
      let parts = entry.split(separator: "=")
      return "{\"id\": \"\(parts[0])\", \"url\": \"http://10.0.0.1:\(parts[1])\"}"
    }
    return "[" + texts.joined(separator: ",\n ") + "]"
  }

  private func text(_ change: DiscoveryChange) -> String {
    switch change {
    case .appeared(let backend): "\(backend.id)=\(backend.endpoint.address.port ?? 0)"
    case .disappeared(let id): "-\(id)"
    case .stirred(let id): "?\(id)"
    case .listed: "listed"
    case .skipped(let skip): "skipped \(skip)"
    case .watching(let what): "watching \(what)"
    case .troubled(let reason, let subject): local("\(subject ?? "-"): \(reason)")
    case .recovered(let subject): local("recovered: \(subject)")
    }
  }

  private func local(_ text: String) -> String { text.replacing(folder.path + "/", with: "") }

  /// Does step after step, each when what the former should bring has come; what comes is compared
  /// as a whole.
  ///
  /// An hour between looks: what comes in time was heard of.
  private func expect(
    _ steps: [(does: () throws -> Void, brings: [String])],
    at path: String = "f.json",
    recheck: Duration = .seconds(3600)
  ) async throws {
    let client = try ControlClient(capacity: 8)
    try await client.start()
    let discoverer = FileDiscoverer(path: folder(path), recheck: recheck)
    var changes = discoverer.changes(using: client).makeAsyncIterator()
    for step in steps {
      try step.does()
      var came: [String] = []
      while came.count < step.brings.count, let change = await changes.next() {
        came.append(text(change))
      }
      #expect(came == step.brings)
    }
    await client.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `a file renamed over it is followed, and only differences are told`() async throws {
    try folder.write("f.json", json("a=1", "b=2"))
    try await expect([
      ({}, ["a=1", "b=2", "listed"]),
      ({ try folder.replace("f.json", json("b=2", "a=3", "c=4")) }, ["a=3", "c=4"]),
      ({ try folder.replace("f.json", json("c=4", "d=5")) }, ["d=5", "-a", "-b"]),
    ])
  }

  @Test(.timeLimit(.minutes(5)))
  func `a turned link is followed, as a ConfigMap's`() async throws {
    try folder.makeFolder("..1")
    try folder.write("..1/f.json", json("a=1"))
    try folder.link("..data", to: "..1")
    try folder.link("f.json", to: "..data/f.json")
    try await expect([
      ({}, ["a=1", "listed"]),
      (
        {
          try folder.makeFolder("..2")
          try folder.write("..2/f.json", json("b=2"))
          try folder.turn("..data", to: "..2")
        }, ["b=2", "-a"]
      ),
      ({ try folder.replace("..2/f.json", json("c=3")) }, ["c=3", "-b"]),
      ({ try folder.turn("f.json", to: "..1/f.json") }, ["a=1", "-c"]),
    ])
  }

  @Test(.timeLimit(.minutes(5)))
  func `a broken file is refused as a whole, told once, and the former backends stay`()
    async throws
  {
    try folder.write("f.json", json("a=1"))
    let broken =
      "[{\"url\": \"http://10.0.0.9:1\"},\n {\"url\": \"http://10.0.0.9:2\", \"wieght\": 2}]"
    let mistake = "a backend has no key 'wieght'; did you mean 'weight'?"
    let trouble = "f.json: f.json:2:41: \(mistake); the former backends stay"
    try await expect([
      ({}, ["a=1", "listed"]),
      ({ try folder.replace("f.json", broken) }, [trouble]),
      ({ try folder.replace("f.json", json("a=2")) }, ["a=2", "recovered: f.json"]),
      ({ try folder.replace("f.json", broken) }, [trouble]),
      (
        { try folder.write("f.json", "") },
        ["f.json: f.json:1:1: the text is empty; the former backends stay"]
      ),
    ])
  }

  @Test(.timeLimit(.minutes(5)))
  func `a file written in place counts when its writer closes it`() async throws {
    try folder.write("f.json", json("a=1"))
    let writer = creat(folder("g"), 0o644)
    let rest = String(json("b=2").dropFirst())
    try await expect([
      ({}, ["a=1", "listed"]),
      (
        {
          // Renamed while it's open: what is there then is no list yet.
          try #require(write(writer, "[", 1) == 1)
          try #require(rename(folder("g"), folder("f.json")) == 0)
        }, ["f.json: f.json:1:2: the text is no JSON from here on; the former backends stay"]
      ),
      (
        {
          try #require(write(writer, rest, rest.utf8.count) == rest.utf8.count)
          close(writer)
        }, ["b=2", "-a", "recovered: f.json"]
      ),
    ])
  }

  @Test(.timeLimit(.minutes(5)))
  func `a file that is missing is waited for, and one that goes takes nothing away`() async throws {
    let missing =
      "f.json: f.json can't be read: No such file or directory; the former backends stay"
    try await expect([
      ({}, [missing, "listed"]),
      ({ try folder.replace("f.json", json("a=1")) }, ["a=1", "recovered: f.json"]),
      ({ try folder.delete("f.json") }, [missing]),
      ({ try folder.replace("f.json", json("b=1")) }, ["b=1", "-a", "recovered: f.json"]),
    ])
  }

  @Test(.timeLimit(.minutes(5)))
  func `a folder on the way may come and be replaced`() async throws {
    try await expect(
      [
        (
          {},
          [
            "x/f.json: x/f.json can't be read: No such file or directory; the former backends stay",
            "listed",
          ]
        ),
        (
          {
            try folder.makeFolder("y")
            try folder.write("y/f.json", json("a=1"))
            try #require(rename(folder("y"), folder("x")) == 0)
          }, ["a=1", "recovered: x/f.json"]
        ),
      ],
      at: "x/f.json"
    )
  }

  @Test(.timeLimit(.minutes(5)))
  func `without a notice a look finds it`() async throws {
    try folder.write("f.json", json("a=1"))
    let writer = open(folder("f.json"), O_WRONLY)
    let text = json("a=9")
    try await expect(
      [
        ({}, ["a=1", "listed"]),
        (
          {
            // The writer never closes: no notice comes.
            try #require(write(writer, text, text.utf8.count) == text.utf8.count)
          }, ["a=9"]
        ),
      ],
      recheck: .milliseconds(50)
    )
    close(writer)
  }

  @Test(.timeLimit(.minutes(5)))
  func `names are resolved, and what they tell ends with them`() async throws {
    let nameless = "{\"id\": \"NAME\", \"url\": \"http://no-such-name.invalid:1\"}"
    let (a, b) = (nameless.replacing("NAME", with: "a"), nameless.replacing("NAME", with: "b"))
    func trouble(_ id: String) -> String {
      "\(id): \"no-such-name.invalid\" of backend \"\(id)\" has no address"
    }
    let heavy = a.replacing("}", with: ", \"weight\": 2}")
    try folder.write("f.json", "[\(a)]")
    try await expect([
      ({}, [trouble("a"), "listed"]),
      // In another form it's in the same trouble, which is told once.
      ({ try folder.replace("f.json", "[\(heavy), \(b)]") }, [trouble("b")]),
      ({ try folder.replace("f.json", "[\(a)]") }, ["-b", "recovered: b"]),
      ({ try folder.replace("f.json", json("a=1")) }, ["a=1", "recovered: a"]),
    ])
  }

  @Test(.timeLimit(.minutes(5)))
  func `a mistake in the file and a name without an address end each for itself`() async throws {
    let nameless = "[{\"id\": \"a\", \"url\": \"http://no-such-name.invalid:1\"}]"
    try folder.write("f.json", nameless)
    try await expect([
      ({}, ["a: \"no-such-name.invalid\" of backend \"a\" has no address", "listed"]),
      (
        { try folder.replace("f.json", "") },
        ["f.json: f.json:1:1: the text is empty; the former backends stay"]
      ),
      // What is told of the name stays told.
      ({ try folder.replace("f.json", nameless) }, ["recovered: f.json"]),
      ({ try folder.replace("f.json", "[]") }, ["-a", "recovered: a"]),
    ])
  }

  @Test func `a file that is only looked at is in trouble whatever is in it`() async throws {
    let (changes, continuation) = AsyncStream.makeStream(of: DiscoveryChange.self)
    let list = FollowedList(try ControlClient(), continuation)
    let reader = ListReader(path: "f.json", parse: FileDiscoverer.parseJSON, list: list)
    let news: [FollowedFile.News] = [
      .unwatched("only looked at"), .contents([]), .contents(Array("[]".utf8)), .watched,
      .unwatched("only looked at"),
    ]
    for news in news { reader.take(news) }
    continuation.finish()
    #expect(
      await changes.reduce(into: []) { $0.append(text($1)) } == [
        "watch on f.json: only looked at",
        "f.json: f.json:1:1: the text is empty; the former backends stay", "recovered: f.json",
        "recovered: watch on f.json", "watching f.json", "watch on f.json: only looked at",
      ]
    )
  }

  @Test func `a check finds mistakes before a start`() throws {
    try folder.write("f.json", json("a=1"))
    try FileDiscoverer(path: folder("f.json")).check()
    #expect(throws: DocumentError("the file can't be read: No such file or directory")) {
      try FileDiscoverer(path: folder("none")).check()
    }
    try folder.write("f.json", "[7]")
    #expect(throws: DocumentError.self) { try FileDiscoverer(path: folder("f.json")).check() }
  }
}
