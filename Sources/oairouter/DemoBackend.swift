import OAIRMock
import OAIRouter

/// The built-in model `demo` of `serve --demo`: a fake backend inside this process, reached over
/// loopback like any other.
struct DemoBackend {
  private let backend: MockBackend

  init() {
    var options = MockOptions()
    options.models = ["demo"]
    options.tokens = 48
    options.timeToFirstToken = .milliseconds(50)
    options.interTokenLatency = .milliseconds(20)
    backend = MockBackend(options: options)
  }

  func start() throws(CommandFailure) -> ConfiguredBackend {
    do {
      let address = try backend.start()
      return try ConfiguredBackend(id: "demo", url: "http://\(address)", source: .flag)
    } catch {
      throw CommandFailure("the demo backend can't be started: \(error)")
    }
  }

  func stop() { backend.stop() }
}
