import Testing

@testable import OAIRDiscovery

struct OwnContainerTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let other = String(repeating: "fedcba9876543210", count: 4)

  @Test func `the mounts tell in which container we are`() {
    let mounts = """
      620 600 0:50 / / rw,relatime master:1 - overlay overlay rw,upperdir=/x/\(Self.other)/diff
      641 620 254:1 /var/lib/docker/containers/\(Self.id)/resolv.conf /etc/resolv.conf rw
      642 620 254:1 /var/lib/docker/containers/\(Self.id)/hostname /etc/hostname rw
      """
    #expect(Set(OwnContainer.ids(inMounts: mounts)) == [Self.id])
  }

  @Test func `Podman's mounts tell it too`() {
    let mounts =
      "700 1 0:40 /containers/overlay-containers/\(Self.id)/userdata/hosts /etc/hosts rw"
    #expect(OwnContainer.ids(inMounts: mounts) == [Self.id])
  }

  @Test func `on the engine's machine other containers' mounts don't count`() {
    let mounts = """
      22 1 254:1 / / rw,relatime - ext4 /dev/a rw
      90 22 0:60 / /var/lib/docker/containers/\(Self.other)/mounts/shm rw - tmpfs shm rw
      91 22 0:61 / /var/lib/docker/overlay2/\(Self.other)/merged rw - overlay overlay rw
      92 22 0:62 /x /etc/hosts
      """
    #expect(OwnContainer.ids(inMounts: mounts).isEmpty)
    #expect(OwnContainer.ids(inMounts: "").isEmpty)
  }

  @Test func `an id is recognised by its beginning`() {
    let own = OwnContainer(candidates: ["0123456789ab"])
    #expect(own.matches(Self.id) && !own.matches(Self.other))
    #expect(!OwnContainer(candidates: []).matches(Self.id))
  }
}
