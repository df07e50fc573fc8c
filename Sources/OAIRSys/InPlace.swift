import Synchronization

/// Has the value that it is a part of passed by its address.
///
/// The compiler hands a struct that it could load to a function by way of a copy on the stack,
/// however large it is and although nobody may copy it: 1,600 bytes for the data plane, 850 for an
/// exchange, some twenty-five times a request. What has an atomic inside has an address that
/// counts, and is never moved for a call.
public struct InPlace: ~Copyable, Sendable {
  private let anchor = Atomic<UInt8>(0)

  /// Makes one; it holds nothing.
  public init() {}
}
