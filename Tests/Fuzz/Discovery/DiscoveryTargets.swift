/// The targets of OAIRDiscovery.
enum DiscoveryTargets {
  static var all: [FuzzTarget] {
    [
      FuzzModelList.target, FuzzDockerList.target, FuzzDockerEvents.target,
      FuzzDockerLabels.target,
    ]
  }
}

#if FUZZING
  extension FuzzTarget {
    static var all: [FuzzTarget] { DiscoveryTargets.all }
  }
#endif
