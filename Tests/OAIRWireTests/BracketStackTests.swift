import Testing

@testable import OAIRWire

@Suite struct BracketStackTests {
  /// A sequence of kinds in which no word of 64 is like another.
  private func isObject(_ level: Int) -> Bool { (level &* 0x9E37_79B9) >> 7 & 1 == 1 }

  @Test func `kinds come back in reverse order through all tracked levels`() {
    var stack = BracketStack()
    for level in 0..<BracketStack.trackedDepth { stack.push(isObject: isObject(level)) }
    var wrong = 0
    for level in (0..<BracketStack.trackedDepth).reversed() {
      if stack.isInObject != isObject(level) { wrong += 1 }
      stack.pop()
    }
    #expect(wrong == 0)
    let depth = stack.depth
    #expect(depth == 0)
  }

  @Test func `a level that is opened again takes its new kind`() {
    var stack = BracketStack()
    for level in 0..<100 { stack.push(isObject: isObject(level)) }
    for _ in 0..<100 { stack.pop() }
    var wrong = 0
    for level in 0..<100 {
      stack.push(isObject: !isObject(level))
      if stack.isInObject == isObject(level) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func `deeper levels are counted and don't touch the tracked ones`() {
    var stack = BracketStack()
    for _ in 0..<BracketStack.trackedDepth { stack.push(isObject: true) }
    let isTracked = stack.isTracked
    #expect(isTracked)
    for _ in 0..<1000 { stack.push(isObject: true) }
    // Nothing is known of them, and nothing read: a sanitizer would say so.
    let isObjectBelow = stack.isInObject
    #expect(!isObjectBelow)
    let isTrackedBelow = stack.isTracked
    #expect(!isTrackedBelow)
    for _ in 0..<1000 { stack.pop() }
    let isInObject = stack.isInObject
    #expect(isInObject)
    let depth = stack.depth
    #expect(depth == BracketStack.trackedDepth)
  }
}
