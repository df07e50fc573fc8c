import CProgram
import Glibc

/// The pages of the program's variables.
///
/// Half of them are read and then written to by the time the program serves. Copying a page that
/// was read before means telling the other processors in which the program has threads (their TLBs
/// know the page of the file, or the page of zeros), and waiting for them: a quarter of the CPU
/// time until the first answer on a virtual machine.
enum ProgramVariables {
  /// Has them copied at once; to be called while the program has one thread.
  ///
  /// Without it all goes as well: where the kernel can't (before Linux 5.14), where the linker has
  /// other names, and behind a page that can't be written to, as the runtime's own may be.
  static func own() {
    own(from: oair_data_start(), to: oair_data_end())
    own(from: oair_zeros_start(), to: oair_zeros_end())
  }

  /// - Returns: whether all between is this process's own now.
  @discardableResult
  static func own(from start: UnsafeMutableRawPointer?, to end: UnsafeMutableRawPointer?) -> Bool {
    guard let start, let end else { return false }
    let first = UInt(bitPattern: start) & ~UInt(getpagesize() - 1)
    guard first > 0, first < UInt(bitPattern: end) else { return false }
    let length = Int(UInt(bitPattern: end) - first)
    // SAFETY: the writable part of this program's file, which stays mapped. What it holds is kept:
    // pages are copied as a write to them would have it (madvise(2)).
    return madvise(UnsafeMutableRawPointer(bitPattern: first), length, MADV_POPULATE_WRITE) == 0
  }
}
