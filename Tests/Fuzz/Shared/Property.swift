#if !FUZZING
  import Testing
#endif

/// Says that a property does not hold.
///
/// Under the fuzzer that ends the process, so that the input is kept; in `swift test` it is one
/// more failure.
func require(_ holds: Bool, _ property: @autoclosure () -> String) {
  guard !holds else { return }
  #if FUZZING
    fatalError("broken: \(property())")
  #else
    Issue.record("broken: \(property())")
  #endif
}
