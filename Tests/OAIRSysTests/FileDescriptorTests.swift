import Glibc
import Testing

@testable import OAIRSys

/// Whether a descriptor's number is in use.
func isOpen(_ descriptor: FileDescriptor) -> Bool { fcntl(descriptor.raw, F_GETFD) >= 0 }

/// Its tests look at the numbers of closed descriptors, which others may take meanwhile: these are
/// moved far up first, where the kernel gives out none by itself.
struct FileDescriptorTests {
  private func farDescriptor(_ least: Int32) throws -> FileDescriptor {
    let raw = open("/dev/null", O_RDONLY | O_CLOEXEC)
    try #require(raw >= 0)
    let far = fcntl(raw, F_DUPFD_CLOEXEC, least)
    closeOrTrap(FileDescriptor(raw))
    try #require(far >= least)
    return FileDescriptor(far)
  }

  @Test func `an owner closes its descriptor when it goes out of scope`() throws {
    let descriptor = try farDescriptor(700)
    do {
      let owner = OwnedFD(owning: descriptor)
      #expect(owner.descriptor == descriptor && isOpen(descriptor))
    }
    #expect(!isOpen(descriptor))
  }

  @Test func `a released descriptor stays open and belongs to the caller`() throws {
    let descriptor = try farDescriptor(720)
    do {
      let owner = OwnedFD(owning: descriptor)
      #expect(owner.release() == descriptor)
    }
    #expect(isOpen(descriptor))
    closeOrTrap(descriptor)
    #expect(!isOpen(descriptor))
  }

  @Test func `closing a descriptor twice ends the process`() async {
    await #expect(processExitsWith: .failure) {
      closeOrTrap(FileDescriptor(10_000))
    }
  }
}
