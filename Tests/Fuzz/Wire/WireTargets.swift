/// The targets of OAIRWire.
enum WireTargets {
  static var all: [FuzzTarget] {
    [FuzzJSONPeek.target, FuzzMultipartPeek.target, FuzzEventObserver.target]
  }
}

#if FUZZING
  extension FuzzTarget {
    static var all: [FuzzTarget] { WireTargets.all }
  }
#endif
