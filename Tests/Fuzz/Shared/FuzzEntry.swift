// libFuzzer's entry. A program has the targets of one module; the environment names the one to run,
// so that a module is compiled once for all of them.

#if FUZZING
  import Glibc

  private enum Chosen {
    nonisolated(unsafe) static let memory = GuardedCopy()
    nonisolated(unsafe) static let target: FuzzTarget = {
      let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
      guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        fatalError("FUZZ_TARGET names none of \(FuzzTarget.all.map(\.name)): '\(name)'")
      }
      return target
    }()
  }

  /// Called with each input.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func runOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    guard size <= GuardedCopy.capacity else { return -1 }
    Chosen.target.check(UnsafeRawBufferPointer(start: data, count: size), Chosen.memory)
    return 0
  }
#endif
