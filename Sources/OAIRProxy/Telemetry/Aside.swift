/// A value on the heap that one owner has, and nobody else.
///
/// For what is large and seldom looked at in a struct that is handed about: the compiler moves such
/// a struct as a whole here and there, and 1.2 KB of counters within it cost each request 1,700
/// instructions.
struct Aside<Value: BitwiseCopyable>: ~Copyable {
  // SAFETY: allocated and initialised in init, freed in deinit; accesses go through `self`, so they
  // are exclusive like those of a stored property.
  private let pointer: UnsafeMutablePointer<Value>

  init(_ value: Value) {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: value)
  }

  deinit { pointer.deallocate() }

  /// The value, changed in its place.
  var value: Value {
    @inline(__always) _read { yield pointer.pointee }
    @inline(__always) _modify { yield &pointer.pointee }
  }
}
