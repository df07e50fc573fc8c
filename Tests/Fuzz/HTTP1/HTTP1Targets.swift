/// The targets of OAIRHTTP1.
enum HTTP1Targets {
  static var all: [FuzzTarget] {
    [FuzzRequestHead.target, FuzzResponseHead.target, FuzzChunked.target]
  }
}

#if FUZZING
  extension FuzzTarget {
    static var all: [FuzzTarget] { HTTP1Targets.all }
  }
#endif
