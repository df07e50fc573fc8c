import OAIRMock
import OAIRouter

/// The built-in model `demo` of `serve --demo`: a fake backend inside this process, reached over
/// loopback like any other.
///
/// It passes for an Ollama, which answers OpenAI's paths, Anthropic's and its own: whatever client
/// somebody tries first finds what it asks for.
struct DemoBackend {
  private static let model = "demo"
  private let backend: MockBackend

  init() {
    var options = MockOptions()
    options.personality = .ollama
    options.models = [Self.model]
    options.tokens = 48
    options.timeToFirstToken = .milliseconds(50)
    options.interTokenLatency = .milliseconds(20)
    backend = MockBackend(options: options)
  }

  func start() throws(CommandFailure) -> ConfiguredBackend {
    do {
      let address = try backend.start()
      if let backend = Self.configured(url: "http://\(address)") { return backend }
      throw CommandFailure("the demo backend has no usable address: \(address)")
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure("the demo backend can't be started: \(error)")
    }
  }

  /// How the router knows it.
  ///
  /// - Parameter url: where it is.
  static func configured(url: String) -> ConfiguredBackend? {
    // Ollama's own list would say `demo:latest`.
    try? ConfiguredBackend(id: "demo", url: url, kind: .ollama, models: [model], source: .flag)
  }

  func stop() { backend.stop() }
}
