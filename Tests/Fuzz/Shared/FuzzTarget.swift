/// A target: a name, which is also its corpus' folder, and what must hold for every input.
struct FuzzTarget {
  let name: String
  let check: (_ input: UnsafeRawBufferPointer, _ memory: GuardedCopy) -> Void

  init(_ name: String, _ check: @escaping (UnsafeRawBufferPointer, GuardedCopy) -> Void) {
    self.name = name
    self.check = check
  }
}
