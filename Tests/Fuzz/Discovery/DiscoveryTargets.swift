/// The targets of OAIRDiscovery.
enum DiscoveryTargets {
  static var all: [FuzzTarget] { [FuzzModelList.target] }
}

#if FUZZING
  extension FuzzTarget {
    static var all: [FuzzTarget] { DiscoveryTargets.all }
  }
#endif
