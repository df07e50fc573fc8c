import Testing

@testable import OAIRProxy

struct BrowserGuardTests {
  private func browsers(_ origins: [String] = [], _ hosts: [String] = []) -> BrowserGuard {
    var options = BrowserOptions()
    options.corsOrigins = origins
    options.allowedHosts = hosts
    return BrowserGuard(options)
  }

  private func allows(origin: String, _ browsers: BrowserGuard) -> Bool {
    Array(origin.utf8).withUnsafeBytes { browsers.allows(origin: $0) }
  }

  private func allows(host: String, _ browsers: BrowserGuard) -> Bool {
    Array(host.utf8).withUnsafeBytes { browsers.allows(host: $0) }
  }

  @Test(arguments: [
    "http://localhost", "http://localhost:3000", "https://LOCALHOST:1", "http://a.localhost:80",
    "http://127.0.0.1:8080", "http://127.1.2.3", "http://[::1]:5173", "http://0.0.0.0:3000",
    "app://obsidian.md", "tauri://localhost", "file://", "vscode-webview://x",
  ])
  func `pages of this machine may ask`(origin: String) {
    #expect(allows(origin: origin, browsers()))
  }

  @Test(arguments: [
    "http://evil.example", "https://localhost.evil.example", "http://xlocalhost", "null", "",
    "http://127.0.0.1.evil.example", "http://127.0.0.256", "http://127.0.0", "http://1.2.3.4",
    "http://0.0.0.1", "chrome-extension://localhost", "localhost", "http:/localhost", "://",
    "http://", "apps://x", "http://.localhost.x", "http://10.127.0.1", "http://[::2]",
    "http://localhost@evil.example",
  ])
  func `other pages may not`(origin: String) {
    #expect(!allows(origin: origin, browsers()))
  }

  @Test func `listed origins may, as a whole and in any case`() {
    let browsers = browsers(["https://Chat.example.com", "null"])
    #expect(allows(origin: "https://chat.EXAMPLE.com", browsers))
    #expect(allows(origin: "null", browsers))
    #expect(!allows(origin: "https://chat.example.com:8443", browsers))
    #expect(!allows(origin: "http://chat.example.com", browsers))
    #expect(!allows(origin: "https://chat.example.com.evil", browsers))
    #expect(allows(origin: "https://anything", self.browsers(["*"])))
  }

  @Test(arguments: [
    "", "localhost", "localhost:11434", "LocalHost.", "x.localhost:1", "127.0.0.1", "10.0.0.1:80",
    "[::1]:11434", "[fe80::1]", "255.255.255.255", "127.0.0.1:80", "127.0.0.12", "localhost:",
  ])
  func `addresses and names of this machine are believed`(host: String) {
    #expect(allows(host: host, browsers()))
  }

  @Test(arguments: [
    "evil.example", "evil.example:11434", "localhost.evil.example", "1.2.3", "1.2.3.4.5",
    "256.1.1.1", "1.2.3.4x", "x", "1..2.3", "router", "1.2.3:4", "256.1.1.1:80",
    "1.2.3.4x:80", ":80", "127.0.0.1x", "127.0.0.1.x", "127.0.0", "localhostx", "localhost1:80",
  ])
  func `other names are not`(host: String) {
    #expect(!allows(host: host, browsers()))
  }

  @Test func `listed names are believed, with any port`() {
    let browsers = browsers([], ["Router.lan"])
    #expect(allows(host: "router.LAN:8080", browsers))
    #expect(!allows(host: "x.router.lan", browsers))
    #expect(allows(host: "anything", self.browsers([], ["*"])))
  }
}
