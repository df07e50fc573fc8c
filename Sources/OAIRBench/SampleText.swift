/// Text as people and models write it to each other: sentences, lists, code, what JSON has to
/// escape, and letters beyond ASCII.
struct SampleText {
  private var random: SplitMix

  init(seed: UInt64) { random = SplitMix(seed: seed) }

  private static let words = """
    the of and to in a is that for it as with be on by at this from or have an are not but \
    which you we they can will would there their what about when make like time just know \
    take into year your good some could them see other than then now look only come its over \
    think also back after use two how our work first well way even new want because any \
    these give day most us request server latency token model stream cache queue thread \
    socket buffer timeout retry backend client header response connection memory kernel \
    measure percentile router health probe failover naïve Größe café résumé über façade
    """.split(separator: " ")

  private static let code = [
    "```swift\nfunc next(_ bytes: [UInt8]) -> Int? {\n\tguard let first = bytes.first else {"
      + " return nil }\n\treturn first == 0x5C ? 2 : 1  // \"\\\\\" begins an escape\n}\n```\n",
    "```python\nfor chunk in client.chat.completions.create(stream=True, **options):\n"
      + "    delta = chunk.choices[0].delta.content or \"\"\n    print(delta, end=\"\")\n```\n",
    "```json\n{\"error\": {\"message\": \"model \\\"x\\\" not found\", \"code\": null}}\n```\n",
    "```sh\ncurl -s http://localhost:8000/v1/models | jq '.data[].id' > \"$HOME/models\"\n```\n",
    "| a | b |\n|---|---|\n| C:\\temp\\new | 1.5e-3 |\n| — | “quoted” 日本語 🚀 |\n",
  ]

  /// A number in a range.
  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  /// Text of about so many bytes, whole sentences and pieces of code.
  ///
  /// - Parameters:
  ///   - bytes: at least so many.
  ///   - hasCode: whether there is code between the sentences.
  mutating func paragraphs(bytes: Int, hasCode: Bool) -> String {
    var text = ""
    while text.utf8.count < bytes {
      if hasCode, number(0...9) == 0 {
        text += "\n\n" + Self.code[number(0...Self.code.count - 1)]
      } else {
        text += sentence()
        text += number(0...5) == 0 ? "\n\n" : " "
      }
    }
    return text
  }

  private mutating func sentence() -> String {
    var parts: [Substring] = []
    for _ in 0..<number(5...18) { parts.append(Self.words[number(0...Self.words.count - 1)]) }
    let text = parts.joined(separator: " ")
    let end = [".", ".", ".", "?", "!", ":"][number(0...5)]
    return text.prefix(1).uppercased() + text.dropFirst() + end
  }
}
